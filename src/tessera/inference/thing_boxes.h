#pragma once

#include <torch/types.h>

#include <vector>

#include "tessera/inference/panoptic_merge.h"
#include "tessera/tracking/quasi_dense_tracker.h"

namespace tessera {

/// How the per-pixel classes of the kernel head are brought to the picture's size.
enum class PixelClassGeometry {
  kOfficial,  ///< the padded map is stretched over the picture
  kExact,     ///< what was padded is cut off first
};

/// The box of each segment that is a thing, of those of its pixels which the kernel head classifies
/// as a thing too: corners in whole pixels, (-1, -1, 10, 10) where there are none. Other segments
/// have an empty box. pixel_classes: [T+S, h, w] float logits, contiguous, of which the first
/// `thing_classes` are things.
std::vector<TrackBox> thing_boxes(const MergedMap& map, const torch::Tensor& pixel_classes,
                                  int thing_classes, const Geometry& geometry,
                                  PixelClassGeometry how);

}  // namespace tessera
