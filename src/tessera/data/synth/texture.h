#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <vector>

#include "tessera/core/random.h"
#include "tessera/data/synth/four.h"
#include "tessera/data/synth/mesh.h"

namespace tessera::synth {

/// A square picture that repeats in both directions, with smaller copies for far surfaces.
class Texture {
 public:
  /// `paint(u, v)` gives the colour at a place in [0, 1) x [0, 1); `log2_size` up to 9.
  Texture(int log2_size, const std::function<Tint(float u, float v)>& paint);

  int log2_size() const { return log2_size_; }
  /// Bilinear; `level` 0 is the full picture, each further one half as large.
  FourColors sample(const Four& u, const Four& v, const cv::v_int32x4& level) const;

 private:
  using Texel = std::array<std::uint8_t, 4>;

  int log2_size_;
  std::vector<std::vector<Texel>> levels_;
};

/// Smooth random values that repeat in both directions: a sum of octaves, in [0, 1].
class Noise {
 public:
  explicit Noise(Random random);
  /// `cells` lattice cells across the unit square in the coarsest octave; a power of two. u and v
  /// are not negative.
  float operator()(float u, float v, int cells, int octaves) const;

 private:
  float lattice(float u, float v, int cells) const;
  static constexpr int kSize = 64;
  std::array<float, kSize * kSize> values_;
};

}  // namespace tessera::synth
