#include "tessera/data/prepare/pil_resize.h"

#include <algorithm>
#include <vector>

#include "tessera/data/transforms/filter_taps.h"

namespace tessera {
namespace {

constexpr int kPrecision = 32 - 8 - 2;  // PIL's fixed point: 8 bits of pixel, 2 of headroom

/// The source pixels of one output pixel and their fixed-point weights.
struct Taps {
  int first = 0;
  std::vector<int> weights;
};

std::vector<Taps> triangle_taps(int in, int out) {
  std::vector<Taps> all;
  for (const FilterTaps& taps : filter_taps(in, out, FilterKernel::kTriangle)) {
    Taps& rounded = all.emplace_back();
    rounded.first = taps.first;
    for (const double weight : taps.weights)
      rounded.weights.push_back(static_cast<int>(0.5 + weight * (1 << kPrecision)));
  }
  return all;
}

std::uint8_t round_fixed(int value) {
  return static_cast<std::uint8_t>(std::clamp(value >> kPrecision, 0, 255));
}

constexpr int kHalf = 1 << (kPrecision - 1);

Image resize_rows(const Image& image, int width) {
  const std::vector<Taps> taps = triangle_taps(image.width(), width);
  Image result({width, image.height()}, image.channels());
  for (int y = 0; y < image.height(); ++y)
    for (int x = 0; x < width; ++x)
      for (int c = 0; c < image.channels(); ++c) {
        int sum = kHalf;
        for (std::size_t k = 0; k < taps[x].weights.size(); ++k)
          sum += image.at(taps[x].first + static_cast<int>(k), y, c) * taps[x].weights[k];
        result.at(x, y, c) = round_fixed(sum);
      }
  return result;
}

Image resize_columns(const Image& image, int height) {
  const std::vector<Taps> taps = triangle_taps(image.height(), height);
  Image result({image.width(), height}, image.channels());
  const int values = image.width() * image.channels();
  std::vector<int> sums(values);
  for (int y = 0; y < height; ++y) {
    std::fill(sums.begin(), sums.end(), kHalf);
    for (std::size_t k = 0; k < taps[y].weights.size(); ++k) {
      const std::uint8_t* row = image.row(taps[y].first + static_cast<int>(k));
      for (int i = 0; i < values; ++i) sums[i] += row[i] * taps[y].weights[k];
    }
    std::transform(sums.begin(), sums.end(), result.row(y), round_fixed);
  }
  return result;
}

/// The source position of each output pixel, added up step by step as PIL does.
std::vector<int> nearest_positions(int in, int out) {
  const double step = static_cast<double>(in) / out;
  std::vector<int> positions(out);
  double at = step * 0.5;
  for (int& position : positions) {
    position = std::min(static_cast<int>(at), in - 1);
    at += step;
  }
  return positions;
}

}  // namespace

Image pil_resize_bilinear(const Image& image, Size size) {
  Image result = image;
  if (result.width() != size.width) result = resize_rows(result, size.width);
  if (result.height() != size.height) result = resize_columns(result, size.height);
  return result;
}

Image16 pil_resize_nearest(const Image16& image, Size size) {
  const std::vector<int> columns = nearest_positions(image.width(), size.width);
  const std::vector<int> rows = nearest_positions(image.height(), size.height);
  Image16 result(size, 1);
  for (int y = 0; y < size.height; ++y)
    for (int x = 0; x < size.width; ++x) result.at(x, y) = image.at(columns[x], rows[y]);
  return result;
}

}  // namespace tessera
