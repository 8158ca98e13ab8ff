#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "tessera/image/image.h"

namespace tessera {

/// Up to 256 colours that stand for those of one picture (median cut), and the way from any colour
/// to them.
class GifPalette {
 public:
  explicit GifPalette(const Image& image);

  const std::vector<Color>& colors() const { return colors_; }
  std::uint8_t index(std::uint8_t r, std::uint8_t g, std::uint8_t b) const {
    return lookup_[cell(r, g, b)];
  }

 private:
  /// Colours are told apart to 5 bits a channel.
  static constexpr int kBits = 5;
  static int cell(int r, int g, int b) {
    return ((r >> (8 - kBits)) << 2 * kBits) | ((g >> (8 - kBits)) << kBits) | (b >> (8 - kBits));
  }

  std::vector<Color> colors_;
  std::vector<std::uint8_t> lookup_;
};

}  // namespace tessera
