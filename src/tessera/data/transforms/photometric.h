#pragma once

#include <optional>

#include "tessera/core/random.h"
#include "tessera/image/image.h"

namespace tessera {

/// mmseg's PhotoMetricDistortion: what may be drawn. Each of the four happens with `probability`.
struct PhotometricOptions {
  double probability = 0.5;
  double brightness = 32;     ///< added: uniform in +-this
  double contrast_low = 0.5;  ///< factor on all channels
  double contrast_high = 1.5;
  double saturation_low = 0.5;  ///< factor on OpenCV's 8-bit S
  double saturation_high = 1.5;
  int hue = 18;  ///< added to OpenCV's 8-bit H (0 to 179): -this to this - 1
};

/// What was drawn.
struct PhotometricChoice {
  std::optional<float> brightness;
  std::optional<float> contrast;
  bool contrast_first = false;  ///< before saturation and hue, or after them
  std::optional<float> saturation;
  std::optional<int> hue;
};

PhotometricChoice choose_photometric(const PhotometricOptions& options, Random& random);
/// Each step is computed in float32, clipped to 0..255 and truncated to 8 bits.
void apply_photometric(Image& image, const PhotometricChoice& choice);

}  // namespace tessera
