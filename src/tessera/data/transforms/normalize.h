#pragma once

#include <array>

#include "tessera/image/image.h"

namespace tessera {

struct NormalizeOptions {
  std::array<double, 3> mean = {123.675, 116.28, 103.53};  ///< R, G, B
  std::array<double, 3> std = {58.395, 57.12, 57.375};
  /// Pads the 8-bit picture, so that the border holds (0 - mean) / std; otherwise it holds
  /// `border`.
  bool pad_first = false;
  float border = 0;
  /// Whether plane 0 is blue, as the networks of Detectron's time take pictures.
  bool blue_first = false;
};

/// Width and height rounded up to multiples of `divisor`.
Size padded_size(Size size, int divisor);

/// (x - mean) / std from interleaved 8-bit pixels into `planes` [3, height, width] of `size`,
/// padded right and below, in one pass over memory.
void normalize_into(const Image& image, const NormalizeOptions& options, Size size, float* planes);

/// The same for float pixels.
void normalize_into(const Pixels<float>& image, const NormalizeOptions& options, Size size,
                    float* planes);

/// A map padded right and below with `value`.
LabelMap pad_labels(const LabelMap& labels, Size size, std::uint8_t value);

}  // namespace tessera
