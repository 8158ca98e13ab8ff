#include "tessera/data/transforms/antialiased_resize.h"

#include <vector>

namespace tessera {
namespace {

Pixels<float> resize_width(const Pixels<float>& image, int width, FilterKernel kernel) {
  const std::vector<FilterTaps> taps = filter_taps(image.width(), width, kernel);
  const int channels = image.channels();
  Pixels<float> result({width, image.height()}, channels);
  for (int y = 0; y < image.height(); ++y) {
    float* out = result.row(y);
    for (int x = 0; x < width; ++x, out += channels) {
      const float* from = image.row(y) + static_cast<std::ptrdiff_t>(taps[x].first) * channels;
      for (const double weight : taps[x].weights)
        for (int c = 0; c < channels; ++c) out[c] += *from++ * static_cast<float>(weight);
    }
  }
  return result;
}

Pixels<float> resize_height(const Pixels<float>& image, int height, FilterKernel kernel) {
  const std::vector<FilterTaps> taps = filter_taps(image.height(), height, kernel);
  Pixels<float> result({image.width(), height}, image.channels());
  const int values = image.width() * image.channels();
  for (int y = 0; y < height; ++y) {
    float* out = result.row(y);
    int row = taps[y].first;
    for (const double weight : taps[y].weights) {
      const float* from = image.row(row++);
      for (int i = 0; i < values; ++i) out[i] += from[i] * static_cast<float>(weight);
    }
  }
  return result;
}

}  // namespace

Pixels<float> resize_antialiased(const Pixels<float>& image, Size size, FilterKernel kernel) {
  return resize_height(resize_width(image, size.width, kernel), size.height, kernel);
}

}  // namespace tessera
