#include "tessera/data/synth/texture.h"

#include <algorithm>
#include <opencv2/core/hal/intrin.hpp>

#include "tessera/data/synth/rounding.h"

namespace tessera::synth {
namespace {

std::uint8_t to_byte(float value) {
  return static_cast<std::uint8_t>(std::clamp(value, 0.0f, 1.0f) * 255 + 0.5f);
}

}  // namespace

Texture::Texture(int log2_size, const std::function<Tint(float, float)>& paint)
    : log2_size_(log2_size) {
  int size = 1 << log2_size;
  levels_.emplace_back(static_cast<std::size_t>(size) * size);
  for (int y = 0; y < size; ++y)
    for (int x = 0; x < size; ++x) {
      const Tint color = paint((x + 0.5f) / size, (y + 0.5f) / size);
      levels_[0][y * size + x] = {to_byte(color.r), to_byte(color.g), to_byte(color.b), 0};
    }
  while (size > 1) {
    const int half = size / 2;
    const std::vector<Texel>& from = levels_.back();
    std::vector<Texel> to(static_cast<std::size_t>(half) * half);
    for (int y = 0; y < half; ++y)
      for (int x = 0; x < half; ++x)
        for (int c = 0; c < 3; ++c) {
          const Texel* top = &from[2 * y * size + 2 * x];
          to[y * half + x][c] = static_cast<std::uint8_t>(
              (top[0][c] + top[1][c] + top[size][c] + top[size + 1][c] + 2) / 4);
        }
    levels_.push_back(std::move(to));
    size = half;
  }
}

Tint Texture::sample(float u, float v, int level) const {
  level = std::clamp(level, 0, log2_size_);
  const int size = 1 << (log2_size_ - level);
  const float x = u * size - 0.5f, y = v * size - 0.5f;
  const float floor_x = fast_floor(x), floor_y = fast_floor(y);
  const float ax = x - floor_x, ay = y - floor_y;
  const int mask = size - 1;
  const int x0 = static_cast<int>(floor_x) & mask, y0 = static_cast<int>(floor_y) & mask;
  const int x1 = (x0 + 1) & mask, y1 = (y0 + 1) & mask;
  const std::vector<Texel>& texels = levels_[level];
  const Texel& a = texels[y0 * size + x0];
  const Texel& b = texels[y0 * size + x1];
  const Texel& c = texels[y1 * size + x0];
  const Texel& d = texels[y1 * size + x1];
  // All channels at a time.
  const auto weighted = [](const Texel& texel, float weight) {
    return cv::v_cvt_f32(cv::v_reinterpret_as_s32(cv::v_load_expand_q(texel.data()))) *
           cv::v_setall_f32(weight);
  };
  constexpr float kScale = 1.0f / 255;
  const cv::v_float32x4 sum = (weighted(a, (1 - ax) * (1 - ay)) + weighted(b, ax * (1 - ay)) +
                               weighted(c, (1 - ax) * ay) + weighted(d, ax * ay)) *
                              cv::v_setall_f32(kScale);
  float color[4];
  cv::v_store(color, sum);
  return {color[0], color[1], color[2]};
}

Noise::Noise(Random random) {
  for (float& value : values_) value = static_cast<float>(random.uniform());
}

float Noise::lattice(float u, float v, int cells) const {
  const float x = u * cells, y = v * cells;
  const float floor_x = fast_floor(x), floor_y = fast_floor(y);
  float ax = x - floor_x, ay = y - floor_y;
  ax = ax * ax * (3 - 2 * ax);
  ay = ay * ay * (3 - 2 * ay);
  const int wrap = cells - 1;
  const int x0 = static_cast<int>(floor_x) & wrap, y0 = static_cast<int>(floor_y) & wrap;
  const int x1 = (x0 + 1) & wrap, y1 = (y0 + 1) & wrap;
  const auto at = [&](int ix, int iy) {
    return values_[(iy % kSize) * kSize + (ix + 7 * cells) % kSize];
  };
  const float top = at(x0, y0) + (at(x1, y0) - at(x0, y0)) * ax;
  const float bottom = at(x0, y1) + (at(x1, y1) - at(x0, y1)) * ax;
  return top + (bottom - top) * ay;
}

float Noise::operator()(float u, float v, int cells, int octaves) const {
  float sum = 0, weight = 1, total = 0;
  for (int octave = 0; octave < octaves; ++octave) {
    sum += weight * lattice(u, v, cells);
    total += weight;
    weight *= 0.5f;
    cells *= 2;
  }
  return sum / total;
}

}  // namespace tessera::synth
