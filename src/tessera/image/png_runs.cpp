#include "tessera/image/png_runs.h"

#include <algorithm>
#include <bit>

#include "tessera/core/error.h"
#include "tessera/image/byte_scan.h"

namespace tessera::png {
namespace {

/// Reads up to 3 bytes behind the pixel (kReadablePadding), because four at once are read faster.
template <int kBytes>
std::uint32_t load_pixel(const std::uint8_t* bytes) {
  const std::uint32_t four = bytes[0] | std::uint32_t{bytes[1]} << 8 |
                             std::uint32_t{bytes[2]} << 16 | std::uint32_t{bytes[3]} << 24;
  return four & (0xffffffffu >> (8 * (4 - kBytes)));
}

/// Each byte by itself.
std::uint32_t add_bytes(std::uint32_t a, std::uint32_t b) {
  constexpr std::uint32_t kHigh = 0x80808080u;
  return ((a & ~kHigh) + (b & ~kHigh)) ^ ((a ^ b) & kHigh);
}

std::uint32_t average_bytes(std::uint32_t a, std::uint32_t b) {
  return (a & b) + (((a ^ b) & 0xfefefefeu) >> 1);
}

std::uint32_t paeth_bytes(std::uint32_t a, std::uint32_t b, std::uint32_t c) {
  if (b == c) return a;
  if (a == c || a == b) return b;
  std::uint32_t pixel = 0;
  for (int shift = 0; shift < 32; shift += 8)
    pixel |= std::uint32_t{paeth((a >> shift) & 0xff, (b >> shift) & 0xff, (c >> shift) & 0xff)}
             << shift;
  return pixel;
}

/// The runs of a row, in a buffer that holds as many as the row has pixels.
class RowWriter {
 public:
  explicit RowWriter(PixelRun* begin) : begin_(begin), end_(begin) {}

  void append(std::size_t end, std::uint32_t pixel) {
    if (end_ == begin_ || end_[-1].pixel != pixel) *end_++ = {0, pixel};
    end_[-1].end = static_cast<std::uint32_t>(end);
  }
  std::size_t size() const { return static_cast<std::size_t>(end_ - begin_); }

 private:
  PixelRun* begin_;
  PixelRun* end_;
};

template <int kBytes>
void read_unfiltered(const std::uint8_t* row, std::size_t width, RowWriter& runs) {
  for (std::size_t x = 0; x < width;) {
    const std::uint32_t pixel = load_pixel<kBytes>(row + x * kBytes);
    // The change may be inside a pixel, which then starts the next run.
    x = first_change(row, (x + 1) * kBytes, width * kBytes, kBytes) / kBytes;
    runs.append(x, pixel);
  }
}

/// The bytes of a row that are not 0, one after the other.
class TouchedBytes {
 public:
  TouchedBytes(const std::uint8_t* row, std::size_t size) : row_(row), size_(size) { look(); }

  /// The first at `from` or behind; some place behind the row when there is none. `from` never goes
  /// back, nor more than a pixel beyond what was found last.
  std::size_t next(std::size_t from) {
    while (from < size_) {
      if (from >= block_ + kBlock) {
        block_ += kBlock;
        look();
      }
      if (const std::uint64_t rest = bits_ >> (from - block_); rest != 0)
        return from + static_cast<std::size_t>(std::countr_zero(rest));
      from = block_ + kBlock;
    }
    return from;
  }

 private:
  static constexpr std::size_t kBlock = 64;
  static_assert(kBlock <= kReadablePadding);
  void look() { bits_ = nonzero_bits(row_ + block_); }

  const std::uint8_t* row_;
  std::size_t size_, block_ = 0;
  std::uint64_t bits_ = 0;
};

/// `above` are the runs of the row above; predict(left, above, corner) is the filter's pixel.
template <int kBytes, class Predict>
void read_filtered(const std::uint8_t* row, std::size_t width, const PixelRun* above,
                   const Predict& predict, RowWriter& runs) {
  TouchedBytes bytes(row, width * kBytes);
  std::size_t touched = bytes.next(0) / kBytes;  // the next pixel with a byte that is not 0
  std::uint32_t left = 0, corner = 0;
  for (std::size_t x = 0; x < width;) {
    const std::uint32_t up = above->pixel;
    std::uint32_t pixel = predict(left, up, corner);
    if (x == touched) {
      pixel = add_bytes(pixel, load_pixel<kBytes>(row + x * kBytes));
      touched = bytes.next((x + 1) * kBytes) / kBytes;
    }
    // Beneath one run of the row above, bytes of 0 repeat a pixel that predicts itself.
    const bool repeats = predict(pixel, up, up) == pixel;
    x = repeats ? std::min<std::size_t>(touched, above->end) : x + 1;
    runs.append(x, pixel);
    left = pixel;
    corner = up;
    if (x == above->end) ++above;
  }
}

/// False when the filter is unknown.
template <int kBytes>
bool read_row(const std::uint8_t* row, std::size_t width, const PixelRun* above, RowWriter& runs) {
  using Pixel = std::uint32_t;
  const std::uint8_t filter = *row++;
  switch (filter) {
    case 0:
      read_unfiltered<kBytes>(row, width, runs);
      return true;
    case 1: {
      const PixelRun none{static_cast<std::uint32_t>(width), 0};
      read_filtered<kBytes>(
          row, width, &none, [](Pixel left, Pixel, Pixel) { return left; }, runs);
      return true;
    }
    case 2:
      read_filtered<kBytes>(
          row, width, above, [](Pixel, Pixel up, Pixel) { return up; }, runs);
      return true;
    case 3:
      read_filtered<kBytes>(
          row, width, above, [](Pixel left, Pixel up, Pixel) { return average_bytes(left, up); },
          runs);
      return true;
    case 4:
      read_filtered<kBytes>(row, width, above, paeth_bytes, runs);
      return true;
    default:
      return false;
  }
}

}  // namespace

bool RunDecoder::takes(const Header& header) {
  return !header.interlaced && header.bit_depth >= 8 &&
         header.channels() * header.bit_depth / 8 <= 4;
}

RunDecoder::RunDecoder(std::span<const std::uint8_t> bytes, const std::string& name) : name_(name) {
  const Parsed parsed = parse(bytes, name);
  header_ = parsed.header;
  rows_ = inflate(parsed, name);
  const auto width = static_cast<std::size_t>(header_.size.width);
  above_.resize(width);
  runs_.resize(width);
  runs_[0] = {static_cast<std::uint32_t>(width), 0};  // above the first row
}

std::span<const PixelRun> RunDecoder::next_row() {
  above_.swap(runs_);
  const std::uint8_t* row = rows_ + static_cast<std::size_t>(y_++) * (header_.row_bytes() + 1);
  const auto width = static_cast<std::size_t>(header_.size.width);
  RowWriter runs(runs_.data());
  bool known = false;
  switch (header_.channels() * header_.bit_depth / 8) {
    case 1:
      known = read_row<1>(row, width, above_.data(), runs);
      break;
    case 2:
      known = read_row<2>(row, width, above_.data(), runs);
      break;
    case 3:
      known = read_row<3>(row, width, above_.data(), runs);
      break;
    default:
      known = read_row<4>(row, width, above_.data(), runs);
      break;
  }
  if (!known) fail_unknown_filter(name_);
  return {runs_.data(), runs.size()};
}

}  // namespace tessera::png
