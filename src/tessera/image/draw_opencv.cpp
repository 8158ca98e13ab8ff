// What OpenCV does for us. Apart from the rest, so that programs without it start 10 ms sooner.
#include <algorithm>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <string>

#include "tessera/image/draw.h"

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

bool is_light(Color color) { return 299 * color[0] + 587 * color[1] + 114 * color[2] > 140'000; }

}  // namespace

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

Image scaled_to(const Image& image, Size size) {
  Image to(size, image.channels());
  cv::Mat target = as_mat(to);
  const bool shrinks = size.width < image.width();
  cv::resize(as_mat(image), target, target.size(), 0, 0,
             shrinks ? cv::INTER_AREA : cv::INTER_CUBIC);
  return to;
}

}  // namespace tessera
