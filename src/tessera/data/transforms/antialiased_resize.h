#pragma once

#include "tessera/data/transforms/filter_taps.h"
#include "tessera/image/image.h"

namespace tessera {

/// tf.image.resize with antialias (Pix2Seq-D), which equals torch's: float32, columns first.
Pixels<float> resize_antialiased(const Pixels<float>& image, Size size, FilterKernel kernel);

}  // namespace tessera
