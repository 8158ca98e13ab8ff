#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace tessera {

struct PlacedByte {
  std::uint32_t position = 0;
  std::uint32_t value = 0;
  friend bool operator==(const PlacedByte&, const PlacedByte&) = default;
};

/// Inflates data that is nearly all zeros, as the filtered rows of label pictures are, into the
/// bytes that are not 0. Zeros are neither written nor looked at: a match copies the few bytes that
/// are listed for what it repeats. Keeps its memory between calls: one object a thread.
class SparseInflater {
 public:
  /// The bytes that are not 0 of the `size` that a zlib stream holds, in order, and one at `size`
  /// behind them; valid until the next call. Nothing when they are too many to be worth a list
  /// (some thousands and more than one in 16), and when the stream is broken or holds another
  /// number of bytes.
  std::optional<std::span<const PlacedByte>> inflate(std::span<const std::uint8_t> zlib,
                                                     std::size_t size);

 private:
  std::vector<PlacedByte> bytes_;     ///< room for the list
  std::vector<std::uint32_t> first_;  ///< where in the list to look for a block of the window
};

}  // namespace tessera
