#include "tessera/data/transforms/normalize.h"

#include <algorithm>
#include <cstddef>

#include "tessera/core/error.h"

namespace tessera {
namespace {

/// As mmcv rounds: difference and product in float32 storage.
float normalized(float value, double mean, double std) {
  return static_cast<float>(static_cast<float>(value - mean) * (1 / std));
}

/// Writes three padded planes; `value(c, x)` is what x of channel c becomes.
template <class T, class Value>
void fill_planes(const Pixels<T>& image, const NormalizeOptions& options, Size size, float* planes,
                 const Value& value) {
  if (image.channels() != 3 || image.width() > size.width || image.height() > size.height)
    fail("a picture of {} with {} channels does not fit a tensor of 3 channels and {}",
         to_string(image.size()), image.channels(), to_string(size));
  const std::size_t plane = static_cast<std::size_t>(size.width) * size.height;
  for (int y = 0; y < size.height; ++y) {
    const int width = y < image.height() ? image.width() : 0;
    const T* row = width > 0 ? image.row(y) : nullptr;
    float* out[3];
    for (int c = 0; c < 3; ++c) {
      const int place = options.blue_first ? 2 - c : c;
      out[c] = planes + place * plane + static_cast<std::size_t>(y) * size.width;
      std::fill(out[c] + width, out[c] + size.width,
                options.pad_first ? value(c, T()) : options.border);
    }
    for (int x = 0; x < width; ++x, row += 3) {
      out[0][x] = value(0, row[0]);
      out[1][x] = value(1, row[1]);
      out[2][x] = value(2, row[2]);
    }
  }
}

}  // namespace

Size padded_size(Size size, int divisor) {
  const auto up = [divisor](int side) { return (side + divisor - 1) / divisor * divisor; };
  return {up(size.width), up(size.height)};
}

void normalize_into(const Image& image, const NormalizeOptions& options, Size size, float* planes) {
  std::array<std::array<float, 256>, 3> tables;
  for (int c = 0; c < 3; ++c)
    for (int x = 0; x < 256; ++x)
      tables[c][x] = normalized(static_cast<float>(x), options.mean[c], options.std[c]);
  fill_planes(image, options, size, planes, [&](int c, std::uint8_t x) { return tables[c][x]; });
}

void normalize_into(const Pixels<float>& image, const NormalizeOptions& options, Size size,
                    float* planes) {
  fill_planes(image, options, size, planes,
              [&](int c, float x) { return normalized(x, options.mean[c], options.std[c]); });
}

LabelMap pad_labels(const LabelMap& labels, Size size, std::uint8_t value) {
  LabelMap padded(size, labels.channels(), value);
  for (int y = 0; y < labels.height(); ++y)
    std::copy_n(labels.row(y), labels.width() * labels.channels(), padded.row(y));
  return padded;
}

}  // namespace tessera
