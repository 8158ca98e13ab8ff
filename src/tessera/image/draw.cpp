#include "tessera/image/draw.h"

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <string>

namespace tessera {
namespace {

constexpr int kFont = cv::FONT_HERSHEY_DUPLEX;
constexpr double kFontHeight = 21;  // of capitals at scale 1

cv::Mat as_mat(const Pixels<std::uint8_t>& pixels) {
  return {pixels.height(), pixels.width(), CV_8UC(pixels.channels()),
          const_cast<std::uint8_t*>(pixels.data())};
}

cv::Scalar as_scalar(Color color) {
  return {static_cast<double>(color[0]), static_cast<double>(color[1]),
          static_cast<double>(color[2])};
}

double font_scale(int height) { return height / kFontHeight; }
int line_width(int height) { return std::max(1, height / 12); }

Color color_of_hue(double hue, double saturation, double value) {
  Color color;
  for (int c = 0; c < 3; ++c) {
    const double position = std::fmod(hue * 6 + (c == 0 ? 5 : c == 1 ? 3 : 1), 6);
    const double share = std::clamp(std::min(position, 4 - position), 0.0, 1.0);
    color[c] = static_cast<std::uint8_t>(std::lround(255 * value * (1 - saturation * share)));
  }
  return color;
}

bool is_light(Color color) { return 299 * color[0] + 587 * color[1] + 114 * color[2] > 140'000; }

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

int text_width(std::string_view text, int height) {
  int below = 0;
  return cv::getTextSize(std::string(text), kFont, font_scale(height), line_width(height), &below)
      .width;
}

void draw_text(Image& image, std::string_view text, Point left_top, int height, Color color) {
  cv::Mat mat = as_mat(image);
  cv::putText(mat, std::string(text), {left_top.x, left_top.y + height}, kFont, font_scale(height),
              as_scalar(color), line_width(height), cv::LINE_AA);
}

void draw_tag(Image& image, std::string_view text, Point center, int height, Color color) {
  const int border = std::max(2, height / 3);
  const int width = text_width(text, height) + 2 * border;
  const int tall = height + 2 * border;
  const int x = std::clamp(center.x - width / 2, 0, std::max(0, image.width() - width));
  const int y = std::clamp(center.y - tall / 2, 0, std::max(0, image.height() - tall));
  fill(image, {x, y, width, tall}, color);
  draw_text(image, text, {x + border, y + border}, height,
            is_light(color) ? Color{0, 0, 0} : Color{255, 255, 255});
}

InnerPoint inner_point(const Pixels<std::uint8_t>& mask) {
  if (mask.empty()) return {};
  // A frame of background makes the border of the picture an outline too.
  cv::Mat framed, distance;
  cv::copyMakeBorder(as_mat(mask), framed, 1, 1, 1, 1, cv::BORDER_CONSTANT, 0);
  cv::distanceTransform(framed, distance, cv::DIST_L2, 3);
  double largest = 0;
  cv::Point place;
  cv::minMaxLoc(distance, nullptr, &largest, nullptr, &place);
  if (largest <= 0) return {};
  return {{place.x - 1, place.y - 1}, static_cast<float>(largest)};
}

Size fit_within(Size size, Size limit) {
  const double factor = std::min(static_cast<double>(limit.width) / size.width,
                                 static_cast<double>(limit.height) / size.height);
  return {std::max(1, static_cast<int>(size.width * factor + 0.5)),
          std::max(1, static_cast<int>(size.height * factor + 0.5))};
}

Image scaled_to(const Image& image, Size size) {
  Image to(size, image.channels());
  cv::Mat target = as_mat(to);
  const bool shrinks = size.width < image.width();
  cv::resize(as_mat(image), target, target.size(), 0, 0,
             shrinks ? cv::INTER_AREA : cv::INTER_CUBIC);
  return to;
}

}  // namespace tessera
