#pragma once

#include <cstdint>

#include "tessera/image/image.h"

/// Rules for resizing labels other than OpenCV's nearest pixel. Both hold for class and id maps.
namespace tessera {

/// The pixel under the new pixel's middle, as TensorFlow takes it (Pix2Seq-D).
LabelMap resize_by_centre(const LabelMap& labels, Size size);
IdMap resize_by_centre(const IdMap& ids, Size size);

/// What more than half of the bilinear weight falls on, else 0: every object's mask is resized on
/// its own in float32, as torch does it, and cut at one half (STEm-Seg).
LabelMap resize_by_majority(const LabelMap& labels, Size size);
IdMap resize_by_majority(const IdMap& ids, Size size);

}  // namespace tessera
