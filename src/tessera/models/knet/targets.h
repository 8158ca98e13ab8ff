#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

namespace tessera {

/// What one image shows, as the network is to learn it: masks at the size of the network's
/// own (the padded image's over the mask stride), soft where a border runs through a pixel.
struct MaskTargets {
  torch::Tensor masks;         ///< [M, h, w] of the objects
  torch::Tensor labels;        ///< [M] int64, thing classes
  torch::Tensor stuff_masks;   ///< [K, h, w], classes that are there, ascending
  torch::Tensor stuff_labels;  ///< [K] int64
};

/// instance_masks: [M, h, w] of any size up to the padded one, 0 or 1; semantic: [H, W] of the
/// padded size with 255 where nothing counts, or undefined where there is no stuff.
MaskTargets make_mask_targets(const torch::Tensor& instance_masks, const torch::Tensor& labels,
                              const torch::Tensor& semantic, std::int64_t thing_classes,
                              torch::IntArrayRef padded_size, std::int64_t mask_stride);

/// The last row whose mask is non-zero at a pixel, `otherwise` where none
/// is: [h, w]. rows: [P] ascending; masks: [P, h, w] of these rows.
torch::Tensor last_row_at_each_pixel(const torch::Tensor& rows, const torch::Tensor& masks,
                                     std::int64_t otherwise);

}  // namespace tessera
