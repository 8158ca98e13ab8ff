#pragma once

#include <array>
#include <optional>

#include "tessera/core/random.h"
#include "tessera/image/image.h"

namespace tessera {

/// Pix2Seq-D's random_color_jitter (SimCLR v2): what may be drawn.
struct ColourJitterOptions {
  double strength = 1;
  double probability = 0.8;
  double grey_probability = 0.2;
};

/// What was drawn, in the order of its use.
struct ColourJitterChoice {
  enum class Step { kBrightness, kContrast, kSaturation, kHue };
  struct Change {
    Step step = Step::kBrightness;
    float amount = 1;  ///< a factor; of the hue, a share of the circle to add
  };
  std::optional<std::array<Change, 4>> changes = {};
  bool grey = false;
};

ColourJitterChoice choose_colour_jitter(const ColourJitterOptions& options, Random& random);

/// Float R, G, B from 0 to 255; every change is clipped to that.
void apply_colour_change(Pixels<float>& image, const ColourJitterChoice::Change& change);
void make_grey(Pixels<float>& image);
void apply_colour_jitter(Pixels<float>& image, const ColourJitterChoice& choice);

}  // namespace tessera
