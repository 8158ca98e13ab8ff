#include "tessera/data/transforms/normalize.h"

#include <algorithm>
#include <cstddef>

#include "tessera/core/error.h"

namespace tessera {
namespace {

/// One channel's value for each 8-bit input, rounded as mmcv rounds: difference and product in
/// float32 storage.
std::array<float, 256> channel_table(double mean, double std) {
  std::array<float, 256> table;
  for (int x = 0; x < 256; ++x)
    table[x] = static_cast<float>(static_cast<float>(x - mean) * (1 / std));
  return table;
}

}  // namespace

Size padded_size(Size size, int divisor) {
  const auto up = [divisor](int side) { return (side + divisor - 1) / divisor * divisor; };
  return {up(size.width), up(size.height)};
}

void normalize_into(const Image& image, const NormalizeOptions& options, Size size, float* planes) {
  if (image.channels() != 3 || image.width() > size.width || image.height() > size.height)
    fail("a picture of {} with {} channels does not fit a tensor of 3 channels and {}",
         to_string(image.size()), image.channels(), to_string(size));
  const std::size_t plane = static_cast<std::size_t>(size.width) * size.height;
  std::array<std::array<float, 256>, 3> tables;
  for (int c = 0; c < 3; ++c) tables[c] = channel_table(options.mean[c], options.std[c]);
  for (int y = 0; y < size.height; ++y) {
    const int width = y < image.height() ? image.width() : 0;
    const std::uint8_t* row = width > 0 ? image.row(y) : nullptr;
    float* out[3];
    for (int c = 0; c < 3; ++c) {
      out[c] = planes + c * plane + static_cast<std::size_t>(y) * size.width;
      std::fill(out[c] + width, out[c] + size.width, options.pad_first ? tables[c][0] : 0.0f);
    }
    for (int x = 0; x < width; ++x, row += 3) {
      out[0][x] = tables[0][row[0]];
      out[1][x] = tables[1][row[1]];
      out[2][x] = tables[2][row[2]];
    }
  }
}

LabelMap pad_labels(const LabelMap& labels, Size size, std::uint8_t value) {
  LabelMap padded(size, labels.channels(), value);
  for (int y = 0; y < labels.height(); ++y)
    std::copy_n(labels.row(y), labels.width() * labels.channels(), padded.row(y));
  return padded;
}

}  // namespace tessera
