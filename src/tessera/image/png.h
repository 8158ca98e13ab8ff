#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tessera/image/image_io.h"

/// The PNG decoder beneath image_io.h: chunks, one libdeflate call, rows unfiltered in place.
namespace tessera::png {

enum class ColorType : std::uint8_t {
  kGrey = 0,
  kRgb = 2,
  kPalette = 3,
  kGreyAlpha = 4,
  kRgba = 6
};

struct Header {
  Size size;
  int bit_depth = 8;
  ColorType color = ColorType::kGrey;
  bool interlaced = false;

  int channels() const;
  std::size_t row_bytes() const;
  /// Of all rows, each behind the byte that names its filter.
  std::size_t filtered_bytes() const {
    return (row_bytes() + 1) * static_cast<std::size_t>(size.height);
  }
};

bool is_png(std::span<const std::uint8_t> bytes);

/// Reads the signature and the first chunk. Errors start with `name`, the file's.
Header read_header(std::span<const std::uint8_t> bytes, const std::string& name);

/// What a file's chunks hold.
struct Parsed {
  Header header;
  std::vector<Color> palette;
  /// Deflated; valid while the file's bytes are, and until another one is parsed on this thread.
  std::span<const std::uint8_t> pixels;
};
Parsed parse(std::span<const std::uint8_t> bytes, const std::string& name);

/// The filtered rows of a picture that is not interlaced. Valid until the next picture is decoded
/// on this thread; so many bytes behind it may be read too.
inline constexpr std::size_t kReadablePadding = 64;
std::uint8_t* inflate(const Parsed& parsed, const std::string& name);
[[noreturn]] void fail_unknown_filter(const std::string& name);

/// The filter's prediction from the pixels to the left, above and above to the left.
inline std::uint8_t paeth(int left, int above, int corner) {
  const int to_left = std::abs(above - corner), to_above = std::abs(left - corner),
            to_corner = std::abs(left + above - 2 * corner);
  const int nearest = to_above < to_left ? above : left;
  return static_cast<std::uint8_t>(to_corner < std::min(to_left, to_above) ? corner : nearest);
}

/// Decoded rows as they stand in the file: samples of bit_depth bits, 16-bit ones with the high
/// byte first.
class Decoded {
 public:
  Decoded(std::span<const std::uint8_t> bytes, const std::string& name);

  const Header& header() const { return parsed_.header; }
  const std::vector<Color>& palette() const { return parsed_.palette; }
  /// Row y, valid until the next picture is decoded on this thread.
  const std::uint8_t* row(int y) const { return rows_ + static_cast<std::size_t>(y) * stride_; }

 private:
  void decode_plain(const std::string& name);
  void decode_interlaced(std::span<const std::uint8_t> bytes, const std::string& name);

  Parsed parsed_;
  std::uint8_t* rows_ = nullptr;
  std::size_t stride_ = 0;
};

/// "16-bit grey", for messages.
std::string describe(const Header& header);

/// Error unless pixels are single values (grey or palette) / 8-bit colours.
void require_values(const Header& header, const std::string& name);
void require_rgb(const Header& header, const std::string& name);
[[noreturn]] void fail_wrong_kind(const Header& header, const std::string& name,
                                  std::string_view expected);

/// The value of sample `x` in a row of 1-, 2-, 4- or 8-bit samples.
inline std::uint8_t sample(const std::uint8_t* row, int x, int bit_depth) {
  if (bit_depth == 8) return row[x];
  const int bit = x * bit_depth;
  return static_cast<std::uint8_t>((row[bit / 8] >> (8 - bit_depth - bit % 8)) &
                                   ((1 << bit_depth) - 1));
}

}  // namespace tessera::png
