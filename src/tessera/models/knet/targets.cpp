#include "tessera/models/knet/targets.h"

#include <torch/torch.h>

#include "tessera/nn/resize.h"

namespace tessera {
namespace {

/// [M, h, w] -> [M, H/stride, W/stride] floats of the padded image.
torch::Tensor shrink(const torch::Tensor& masks, torch::IntArrayRef padded_size,
                     std::int64_t stride) {
  const std::vector<std::int64_t> size = {padded_size[0] / stride, padded_size[1] / stride};
  if (masks.size(0) == 0)
    return torch::zeros({0, size[0], size[1]}, masks.options().dtype(torch::kFloat32));
  const auto padded = torch::constant_pad_nd(
      masks.to(torch::kFloat32),
      {0, padded_size[1] - masks.size(2), 0, padded_size[0] - masks.size(1)});
  return resize_bilinear(padded.unsqueeze(0), size).squeeze(0);
}

}  // namespace

MaskTargets make_mask_targets(const torch::Tensor& instance_masks, const torch::Tensor& labels,
                              const torch::Tensor& semantic, std::int64_t thing_classes,
                              torch::IntArrayRef padded_size, std::int64_t mask_stride) {
  constexpr std::int64_t kIgnored = 255;
  MaskTargets targets;
  targets.masks = shrink(instance_masks, padded_size, mask_stride);
  targets.labels = labels.to(torch::kInt64);
  if (!semantic.defined()) return targets;
  const auto classes = std::get<0>(torch::_unique(semantic.to(torch::kInt64)));
  targets.stuff_labels =
      classes.index({(classes >= thing_classes).logical_and(classes != kIgnored)});
  targets.stuff_masks = shrink(semantic.unsqueeze(0) == targets.stuff_labels.view({-1, 1, 1}),
                               padded_size, mask_stride);
  return targets;
}

torch::Tensor last_row_at_each_pixel(const torch::Tensor& rows, const torch::Tensor& masks,
                                     std::int64_t otherwise) {
  if (rows.size(0) == 0)
    return torch::full({masks.size(1), masks.size(2)}, otherwise, rows.options());
  const auto order = torch::arange(1, rows.size(0) + 1, rows.options()).view({-1, 1, 1});
  const auto last = std::get<0>(((masks != 0) * order).max(0));  // 0: none
  const auto choices = torch::cat({torch::full({1}, otherwise, rows.options()), rows});
  return choices.index_select(0, last.flatten()).view_as(last);
}

}  // namespace tessera
