#include "tessera/inference/knet_postprocess.h"

#include <torch/torch.h>

#include <algorithm>
#include <map>

#include "tessera/core/error.h"
#include "tessera/core/thread_pool.h"
#include "tessera/nn/resize.h"

namespace tessera {

torch::Tensor mask_probabilities(const torch::Tensor& mask_logits) {
  const auto logits = mask_logits.to(torch::kCPU, torch::kFloat32);
  if (!logits.isfinite().all().item<bool>())
    fail("the network computes masks that are not finite; check the checkpoint's weights");
  return upsample_bilinear(logits.unsqueeze(0), 2).squeeze(0).sigmoid_().contiguous();
}

ScaledMasks scaled_masks(const torch::Tensor& probabilities, const Geometry& geometry) {
  return ScaledMasks(
      {probabilities.data_ptr<float>(), static_cast<std::size_t>(probabilities.numel())},
      static_cast<int>(probabilities.size(0)),
      {static_cast<int>(probabilities.size(2)), static_cast<int>(probabilities.size(1))}, geometry);
}

std::vector<MaskClaim> panoptic_claims(const torch::Tensor& class_logits,
                                       const KernelHeadOptions& sizes) {
  const auto scores = class_logits.to(torch::kCPU, torch::kFloat32).sigmoid();
  const auto [thing_scores, thing_labels] =
      scores.slice(0, 0, sizes.proposals).slice(1, 0, sizes.thing_classes).max(1);
  const auto stuff_scores =
      scores.slice(0, sizes.proposals).slice(1, sizes.thing_classes).diagonal().contiguous();
  std::vector<MaskClaim> claims;
  for (std::int64_t n = 0; n < sizes.proposals; ++n)
    claims.push_back({static_cast<int>(thing_labels.data_ptr<std::int64_t>()[n]),
                      thing_scores.data_ptr<float>()[n], true});
  for (std::int64_t s = 0; s < sizes.stuff_classes; ++s)
    claims.push_back(
        {static_cast<int>(sizes.thing_classes + s), stuff_scores.data_ptr<float>()[s], false});
  return claims;
}

std::vector<InstanceDetection> detect_instances(const ScaledMasks& masks,
                                                const torch::Tensor& class_logits,
                                                const InstanceOptions& options, int threads) {
  const auto scores = class_logits.to(torch::kCPU, torch::kFloat32).sigmoid();
  const std::int64_t classes = scores.size(1);
  const auto [best, places] =
      scores.flatten().topk(std::min<std::int64_t>(options.most, scores.numel()));
  std::vector<InstanceDetection> detections(static_cast<std::size_t>(best.size(0)));
  std::map<int, Rle> mask_of_row;
  for (std::size_t i = 0; i < detections.size(); ++i) {
    const std::int64_t place = places.data_ptr<std::int64_t>()[i];
    detections[i] = {static_cast<int>(place % classes),
                     best.data_ptr<float>()[i],
                     static_cast<int>(place / classes),
                     {}};
    mask_of_row[detections[i].row];
  }
  std::vector<std::map<int, Rle>::iterator> wanted;
  for (auto it = mask_of_row.begin(); it != mask_of_row.end(); ++it) wanted.push_back(it);
  parallel_for(wanted.size(), threads, [&](std::size_t i, int) {
    wanted[i]->second = masks.above(wanted[i]->first, options.mask_threshold);
  });
  for (auto& detection : detections) detection.mask = mask_of_row.at(detection.row);
  return detections;
}

}  // namespace tessera
