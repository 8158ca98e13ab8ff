#pragma once

#include "tessera/image/rle.h"

namespace tessera {

/// Intersection over union of two boxes as COCO computes it: edges are where they are (no pixel is
/// added), boxes that only touch give 0. Where the ground truth is a crowd, over the area of the
/// detection.
double box_iou(const Box& detection, const Box& truth, bool crowd = false);

}  // namespace tessera
