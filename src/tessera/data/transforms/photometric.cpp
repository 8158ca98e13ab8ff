#include "tessera/data/transforms/photometric.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

namespace tessera {
namespace {

constexpr int kHues = 180;

using Table = std::array<std::uint8_t, 256>;

/// What x * factor + offset gives for every 8-bit x.
Table linear_table(float factor, float offset) {
  Table table;
  for (int x = 0; x < 256; ++x)
    table[x] = static_cast<std::uint8_t>(
        std::clamp(static_cast<float>(x) * factor + offset, 0.0f, 255.0f));
  return table;
}

Table hue_table(int shift) {
  Table table;
  for (int x = 0; x < 256; ++x)
    table[x] = static_cast<std::uint8_t>(((x + shift) % kHues + kHues) % kHues);
  return table;
}

void look_up(Image& image, const Table& table) {
  for (std::uint8_t& value : image.values()) value = table[value];
}

/// Replaces one channel of the picture's HSV form.
void look_up_hsv(Image& image, int channel, const Table& table) {
  cv::Mat rgb(image.height(), image.width(), CV_8UC3, image.data());
  cv::Mat hsv;
  cv::cvtColor(rgb, hsv, cv::COLOR_RGB2HSV);
  std::uint8_t* value = hsv.data + channel;
  for (std::size_t i = 0; i < hsv.total(); ++i, value += 3) *value = table[*value];
  cv::cvtColor(hsv, rgb, cv::COLOR_HSV2RGB);
}

}  // namespace

PhotometricChoice choose_photometric(const PhotometricOptions& options, Random& random) {
  PhotometricChoice choice;
  const auto draw = [&](double low, double high) -> std::optional<float> {
    if (!random.coin(options.probability)) return std::nullopt;
    return static_cast<float>(random.uniform(low, high));
  };
  choice.brightness = draw(-options.brightness, options.brightness);
  choice.contrast_first = random.coin();
  choice.contrast = draw(options.contrast_low, options.contrast_high);
  choice.saturation = draw(options.saturation_low, options.saturation_high);
  if (random.coin(options.probability) && options.hue > 0)
    choice.hue = static_cast<int>(random.uniform_int(-options.hue, options.hue - 1));
  return choice;
}

void apply_photometric(Image& image, const PhotometricChoice& choice) {
  if (choice.brightness) look_up(image, linear_table(1, *choice.brightness));
  if (choice.contrast && choice.contrast_first) look_up(image, linear_table(*choice.contrast, 0));
  if (choice.saturation) look_up_hsv(image, 1, linear_table(*choice.saturation, 0));
  if (choice.hue) look_up_hsv(image, 0, hue_table(*choice.hue));
  if (choice.contrast && !choice.contrast_first) look_up(image, linear_table(*choice.contrast, 0));
}

}  // namespace tessera
