#include "tessera/image/draw.h"

#include <algorithm>
#include <cmath>

namespace tessera {
namespace {

Color color_of_hue(double hue, double saturation, double value) {
  Color color;
  for (int c = 0; c < 3; ++c) {
    const double position = std::fmod(hue * 6 + (c == 0 ? 5 : c == 1 ? 3 : 1), 6);
    const double share = std::clamp(std::min(position, 4 - position), 0.0, 1.0);
    color[c] = static_cast<std::uint8_t>(std::lround(255 * value * (1 - saturation * share)));
  }
  return color;
}

}  // namespace

const std::array<Color, 256>& voc_palette() {
  static const std::array<Color, 256> palette = [] {
    std::array<Color, 256> colors = {};
    for (int i = 0; i < 256; ++i)
      for (int bit = 0; bit < 8; ++bit)
        colors[i][bit % 3] |= static_cast<std::uint8_t>((i >> bit & 1) << (7 - bit / 3));
    return colors;
  }();
  return palette;
}

Color identity_color(std::uint64_t identity) {
  constexpr double kGoldenRatio = 0.618033988749895;  // successive hues fall into the widest gap
  constexpr double kSaturations[] = {0.85, 0.55, 1.0}, kValues[] = {1.0, 0.95, 0.8};
  const double hue = std::fmod(static_cast<double>(identity % 1'000'000) * kGoldenRatio, 1.0);
  const std::size_t shade = identity % 3;
  return color_of_hue(hue, kSaturations[shade], kValues[shade]);
}

void fill(Image& image, const Area& area, Color color) {
  const int right = std::min(area.x + area.width, image.width());
  const int bottom = std::min(area.y + area.height, image.height());
  for (int y = std::max(area.y, 0); y < bottom; ++y)
    for (int x = std::max(area.x, 0); x < right; ++x)
      std::copy(color.begin(), color.end(), &image.at(x, y));
}

void paste(Image& image, const Image& picture, Point place) {
  const int first = std::max(0, -place.x);
  const int count = std::min(picture.width(), image.width() - place.x) - first;
  if (count <= 0) return;
  for (int y = std::max(0, -place.y); y < picture.height() && place.y + y < image.height(); ++y)
    std::copy_n(&picture.at(first, y), count * 3, &image.at(place.x + first, place.y + y));
}

Size fit_within(Size size, Size limit) {
  const double factor = std::min(static_cast<double>(limit.width) / size.width,
                                 static_cast<double>(limit.height) / size.height);
  return {std::max(1, static_cast<int>(size.width * factor + 0.5)),
          std::max(1, static_cast<int>(size.height * factor + 0.5))};
}

}  // namespace tessera
