#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace tessera {

struct Size {
  int width = 0;
  int height = 0;
  friend bool operator==(const Size&, const Size&) = default;
};

/// "1248x384".
std::string to_string(Size size);

/// A picture of T: rows from the top without padding, channels interleaved (R, G, B for colour).
template <class T>
class Pixels {
 public:
  Pixels() = default;
  Pixels(Size size, int channels, T value = T())
      : size_(size),
        channels_(channels),
        values_(static_cast<std::size_t>(size.width) * size.height * channels, value) {}

  Size size() const { return size_; }
  int width() const { return size_.width; }
  int height() const { return size_.height; }
  int channels() const { return channels_; }
  bool empty() const { return values_.empty(); }

  T* data() { return values_.data(); }
  const T* data() const { return values_.data(); }
  std::span<T> values() { return values_; }
  std::span<const T> values() const { return values_; }
  T* row(int y) { return values_.data() + static_cast<std::size_t>(y) * size_.width * channels_; }
  const T* row(int y) const {
    return values_.data() + static_cast<std::size_t>(y) * size_.width * channels_;
  }
  T& at(int x, int y, int c = 0) { return row(y)[static_cast<std::size_t>(x) * channels_ + c]; }
  const T& at(int x, int y, int c = 0) const {
    return row(y)[static_cast<std::size_t>(x) * channels_ + c];
  }

  friend bool operator==(const Pixels&, const Pixels&) = default;

 private:
  Size size_;
  int channels_ = 0;
  std::vector<T> values_;
};

/// A colour (3 channels: R, G, B) or grey (1 channel) picture.
using Image = Pixels<std::uint8_t>;
/// R, G, B.
using Color = std::array<std::uint8_t, 3>;
/// 16-bit grey pictures hold ids; colour ones come from cameras with deep sensors.
using Image16 = Pixels<std::uint16_t>;
/// One class per pixel; 255 is "unlabelled" unless a dataset says otherwise.
using LabelMap = Pixels<std::uint8_t>;
/// One segment id per pixel, as wide as any dataset stores them.
using IdMap = Pixels<std::uint32_t>;

}  // namespace tessera
