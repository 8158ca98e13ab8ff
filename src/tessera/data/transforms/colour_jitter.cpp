#include "tessera/data/transforms/colour_jitter.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

namespace tessera {
namespace {

constexpr float kWhite = 255;

using Step = ColourJitterChoice::Step;

struct Hsv {
  float hue = 0;  ///< 0 to 1
  float saturation = 0;
  float value = 0;
};

Hsv to_hsv(const float* rgb) {
  const float most = std::max({rgb[0], rgb[1], rgb[2]});
  const float least = std::min({rgb[0], rgb[1], rgb[2]});
  const float range = most - least;
  Hsv hsv{0, most > 0 ? range / most : 0, most};
  if (range <= 0) return hsv;
  if (rgb[0] == most)
    hsv.hue = (rgb[1] - rgb[2]) / range / 6;
  else if (rgb[1] == most)
    hsv.hue = (rgb[2] - rgb[0]) / range / 6 + 2.0f / 6;
  else
    hsv.hue = (rgb[0] - rgb[1]) / range / 6 + 4.0f / 6;
  if (hsv.hue < 0) hsv.hue += 1;
  return hsv;
}

void from_hsv(const Hsv& hsv, float* rgb) {
  const float sixths = hsv.hue * 6;
  const float shares[3] = {std::abs(sixths - 3) - 1, 2 - std::abs(sixths - 2),
                           2 - std::abs(sixths - 4)};
  for (int c = 0; c < 3; ++c)
    rgb[c] = (1 - hsv.saturation + hsv.saturation * std::clamp(shares[c], 0.0f, 1.0f)) * hsv.value;
}

template <class ChangeHsv>
void change_hsv(Pixels<float>& image, const ChangeHsv& change) {
  for (std::size_t i = 0; i < image.values().size(); i += 3) {
    Hsv hsv = to_hsv(&image.values()[i]);
    change(hsv);
    from_hsv(hsv, &image.values()[i]);
  }
}

/// About each channel's mean.
void change_contrast(Pixels<float>& image, float factor) {
  std::array<double, 3> sums{};
  for (std::size_t i = 0; i < image.values().size(); ++i) sums[i % 3] += image.values()[i];
  const double pixels = static_cast<double>(image.values().size()) / 3;
  for (std::size_t i = 0; i < image.values().size(); ++i) {
    const auto mean = static_cast<float>(sums[i % 3] / pixels);
    image.values()[i] = (image.values()[i] - mean) * factor + mean;
  }
}

}  // namespace

ColourJitterChoice choose_colour_jitter(const ColourJitterOptions& options, Random& random) {
  ColourJitterChoice choice;
  if (random.coin(options.probability)) {
    const double reach = 0.8 * options.strength, turn = 0.2 * options.strength;
    const auto factor = [&] {
      return static_cast<float>(random.uniform(std::max(1 - reach, 0.0), 1 + reach));
    };
    auto& changes = choice.changes.emplace();
    changes = {{{Step::kBrightness, factor()},
                {Step::kContrast, factor()},
                {Step::kSaturation, factor()},
                {Step::kHue, static_cast<float>(random.uniform(-turn, turn))}}};
    for (std::size_t i = changes.size() - 1; i > 0; --i)
      std::swap(changes[i], changes[random.uniform_int(0, static_cast<std::int64_t>(i))]);
  }
  choice.grey = random.coin(options.grey_probability);
  return choice;
}

void apply_colour_change(Pixels<float>& image, const ColourJitterChoice::Change& change) {
  switch (change.step) {
    case Step::kBrightness:
      for (float& value : image.values()) value *= change.amount;
      break;
    case Step::kContrast:
      change_contrast(image, change.amount);
      break;
    case Step::kSaturation:
      change_hsv(image, [&](Hsv& hsv) {
        hsv.saturation = std::clamp(hsv.saturation * change.amount, 0.0f, 1.0f);
      });
      break;
    case Step::kHue:
      change_hsv(image, [&](Hsv& hsv) {
        hsv.hue += change.amount;
        hsv.hue -= std::floor(hsv.hue);
      });
      break;
  }
  for (float& value : image.values()) value = std::clamp(value, 0.0f, kWhite);
}

void make_grey(Pixels<float>& image) {
  for (std::size_t i = 0; i < image.values().size(); i += 3) {
    float* rgb = &image.values()[i];
    const float grey = 0.2989f * rgb[0] + 0.587f * rgb[1] + 0.114f * rgb[2];
    std::fill_n(rgb, 3, std::clamp(grey, 0.0f, kWhite));
  }
}

void apply_colour_jitter(Pixels<float>& image, const ColourJitterChoice& choice) {
  if (choice.changes)
    for (const ColourJitterChoice::Change& change : *choice.changes)
      apply_colour_change(image, change);
  if (choice.grey) make_grey(image);
  for (float& value : image.values()) value = std::clamp(value, 0.0f, kWhite);
}

}  // namespace tessera
