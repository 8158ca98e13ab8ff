#pragma once

#include "tessera/image/image.h"

/// Resizing with the same pixels as Python's PIL, which the preparation scripts of VIPSeg use.
namespace tessera {

/// Image.resize(size, BILINEAR): a triangle filter as wide as the shrinking, in 8-bit fixed point.
Image pil_resize_bilinear(const Image& image, Size size);

/// Image.resize(size, NEAREST).
Image16 pil_resize_nearest(const Image16& image, Size size);

}  // namespace tessera
