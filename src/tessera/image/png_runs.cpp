#include "tessera/image/png_runs.h"

#include <algorithm>
#include <bit>
#include <optional>

#include "tessera/core/error.h"
#include "tessera/image/byte_scan.h"
#include "tessera/image/sparse_inflate.h"

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

/// The pixels of a row that have a byte that is not 0, one after the other, from all its bytes.
template <int kBytes>
class WholeRow {
 public:
  WholeRow(const std::uint8_t* row, std::size_t width) : row_(row), size_(width * kBytes) {
    look();
    find(0);
  }

  /// The next such pixel; some place behind the row when there is none.
  std::size_t touched() const { return touched_; }
  std::uint32_t take() {
    const std::size_t begin = touched_ * kBytes;
    find(begin + kBytes);
    return load_pixel<kBytes>(row_ + begin);
  }

 private:
  static constexpr std::size_t kBlock = 64;
  static_assert(kBlock <= kReadablePadding);
  void look() { bits_ = nonzero_bits(row_ + block_); }

  /// `from` is never more than a pixel beyond what was found last.
  void find(std::size_t from) {
    while (from < size_) {
      if (from >= block_ + kBlock) {
        block_ += kBlock;
        look();
      }
      if (const std::uint64_t rest = bits_ >> (from - block_); rest != 0) {
        from += static_cast<std::size_t>(std::countr_zero(rest));
        break;
      }
      from = block_ + kBlock;
    }
    touched_ = from / kBytes;
  }

  const std::uint8_t* row_;
  std::size_t size_, touched_ = 0, block_ = 0;
  std::uint64_t bits_ = 0;
};

/// The same from the bytes of a picture that are not 0; moves on in them.
template <int kBytes>
class SparseRow {
 public:
  /// The row's first pixel is at `begin`.
  SparseRow(const PlacedByte*& next, std::size_t begin) : next_(next), begin_(begin) {}

  std::size_t touched() const { return (next_->position - begin_) / kBytes; }
  std::uint32_t take() {
    const std::size_t pixel_begin = begin_ + touched() * kBytes;
    std::uint32_t pixel = 0;
    for (; next_->position < pixel_begin + kBytes; ++next_)
      pixel |= next_->value << (8 * (next_->position - pixel_begin));
    return pixel;
  }

 private:
  const PlacedByte*& next_;
  std::size_t begin_;
};

/// `above` are the runs of the row above; predict(left, above, corner) is the filter's pixel.
template <class Row, class Predict>
void read_filtered(Row row, std::size_t width, const PixelRun* above, const Predict& predict,
                   RowWriter& runs) {
  std::uint32_t left = 0, corner = 0;
  for (std::size_t x = 0; x < width;) {
    const std::uint32_t up = above->pixel;
    std::uint32_t pixel = predict(left, up, corner);
    if (x == row.touched()) pixel = add_bytes(pixel, row.take());
    // Beneath one run of the row above, bytes of 0 repeat a pixel that predicts itself.
    const bool repeats = predict(pixel, up, up) == pixel;
    x = repeats ? std::min<std::size_t>(row.touched(), above->end) : x + 1;
    runs.append(x, pixel);
    left = pixel;
    corner = up;
    if (x == above->end) ++above;
  }
}

/// False when the filter is unknown.
template <class Row>
bool read_row(int filter, Row row, std::size_t width, const PixelRun* above, RowWriter& runs) {
  using Pixel = std::uint32_t;
  const PixelRun none{static_cast<std::uint32_t>(width), 0};
  switch (filter) {
    case 0:
      read_filtered(
          row, width, &none, [](Pixel, Pixel, Pixel) { return Pixel{0}; }, runs);
      return true;
    case 1:
      read_filtered(
          row, width, &none, [](Pixel left, Pixel, Pixel) { return left; }, runs);
      return true;
    case 2:
      read_filtered(
          row, width, above, [](Pixel, Pixel up, Pixel) { return up; }, runs);
      return true;
    case 3:
      read_filtered(
          row, width, above, [](Pixel left, Pixel up, Pixel) { return average_bytes(left, up); },
          runs);
      return true;
    case 4:
      read_filtered(row, width, above, paeth_bytes, runs);
      return true;
    default:
      return false;
  }
}

std::optional<std::span<const PlacedByte>> inflate_sparse(const Parsed& parsed) {
  thread_local SparseInflater inflater;
  return inflater.inflate(parsed.pixels, parsed.header.filtered_bytes());
}

}  // namespace

bool RunDecoder::takes(const Header& header) {
  return !header.interlaced && header.bit_depth >= 8 &&
         header.channels() * header.bit_depth / 8 <= 4;
}

RunDecoder::RunDecoder(std::span<const std::uint8_t> bytes, const std::string& name) : name_(name) {
  const Parsed parsed = parse(bytes, name);
  header_ = parsed.header;
  if (const auto sparse = inflate_sparse(parsed))
    next_byte_ = sparse->data();
  else
    rows_ = inflate(parsed, name);
  const auto width = static_cast<std::size_t>(header_.size.width);
  above_.resize(width);
  runs_.resize(width);
  runs_[0] = {static_cast<std::uint32_t>(width), 0};  // above the first row
  count_ = 1;
}

template <int kBytes>
void RunDecoder::read_row() {
  const auto width = static_cast<std::size_t>(header_.size.width);
  const std::size_t begin = static_cast<std::size_t>(y_++) * (width * kBytes + 1);
  RowWriter runs(runs_.data());
  bool known = true;
  if (next_byte_ != nullptr) {
    int filter = 0;
    if (next_byte_->position == begin) filter = static_cast<int>((next_byte_++)->value);
    known =
        png::read_row(filter, SparseRow<kBytes>(next_byte_, begin + 1), width, above_.data(), runs);
  } else if (rows_[begin] == 0) {
    read_unfiltered<kBytes>(rows_ + begin + 1, width, runs);
  } else {
    known = png::read_row(rows_[begin], WholeRow<kBytes>(rows_ + begin + 1, width), width,
                          above_.data(), runs);
  }
  if (!known) fail_unknown_filter(name_);
  count_ = runs.size();
}

std::span<const PixelRun> RunDecoder::next_row() {
  above_.swap(runs_);
  switch (header_.channels() * header_.bit_depth / 8) {
    case 1:
      read_row<1>();
      break;
    case 2:
      read_row<2>();
      break;
    case 3:
      read_row<3>();
      break;
    default:
      read_row<4>();
      break;
  }
  return {runs_.data(), count_};
}

}  // namespace tessera::png
