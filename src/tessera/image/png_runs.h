#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tessera/image/png.h"
#include "tessera/image/sparse_inflate.h"

namespace tessera::png {

/// The pixels of a row from the end of the run before up to `end`: all have these bytes, of which
/// the first in the file is the lowest.
struct PixelRun {
  std::uint32_t end = 0;
  std::uint32_t pixel = 0;
};

/// Decodes a picture row by row into runs of equal pixels. In pictures of labels nearly every
/// filtered byte is 0, which says "as the pixel before" or "as the row above": the runs follow from
/// those of the row above and the few other bytes. Where these are few enough, no more than they is
/// ever inflated; in any case no row of pixels is made.
class RunDecoder {
 public:
  /// Whether pictures of this kind can be decoded so: whole pixels of 1 to 4 bytes, not interlaced.
  static bool takes(const Header& header);

  RunDecoder(std::span<const std::uint8_t> bytes, const std::string& name);

  /// The next row, from the top. Rows must be read before another picture is decoded on this
  /// thread.
  std::span<const PixelRun> next_row();

 private:
  template <int kBytes>
  void read_row();

  std::string name_;
  Header header_;
  const PlacedByte* next_byte_ = nullptr;  ///< of a sparse picture's filtered rows
  const std::uint8_t* rows_ = nullptr;     ///< of another's
  int y_ = 0;
  std::vector<PixelRun> above_, runs_;
  std::size_t count_ = 0;  ///< of runs_, in the last row
};

}  // namespace tessera::png
