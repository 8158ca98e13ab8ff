#include "tessera/data/synth/texture.h"

#include <algorithm>

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

FourColors Texture::sample(const Four& u, const Four& v, const cv::v_int32x4& level) const {
  const cv::v_int32x4 log2_size = cv::v_setall_s32(log2_size_);
  const cv::v_int32x4 shrunk = cv::v_min(cv::v_max(level, cv::v_setzero_s32()), log2_size);
  // 2 to the power of an exponent is the float that has it.
  const Four size = cv::v_reinterpret_as_f32((log2_size - shrunk + cv::v_setall_s32(127)) << 23);
  const auto place = [&](const Four& repeats) {  // nothing repeats as often as a float has room for
    return cv::v_min(cv::v_max(repeats * size - four(0.5f), four(-0x1p23f)), four(0x1p23f));
  };
  const Four x = place(u), y = place(v);
  const cv::v_int32x4 floor_x = cv::v_floor(x), floor_y = cv::v_floor(y);
  const Four ax = x - cv::v_cvt_f32(floor_x), ay = y - cv::v_cvt_f32(floor_y);
  const Four one = four(1);
  std::array<float, 4> top_left, top_right, bottom_left, bottom_right;
  cv::v_store(top_left.data(), (one - ax) * (one - ay));
  cv::v_store(top_right.data(), ax * (one - ay));
  cv::v_store(bottom_left.data(), (one - ax) * ay);
  cv::v_store(bottom_right.data(), ax * ay);
  std::array<int, 4> left, top, levels;
  cv::v_store(left.data(), floor_x);
  cv::v_store(top.data(), floor_y);
  cv::v_store(levels.data(), shrunk);
  const auto weighted = [](const Texel& texel, float weight) {
    return cv::v_cvt_f32(cv::v_reinterpret_as_s32(cv::v_load_expand_q(texel.data()))) *
           four(weight);
  };
  FourColors colors;
  for (std::size_t i = 0; i < colors.size(); ++i) {
    const int width = log2_size_ - levels[i], mask = (1 << width) - 1;
    const int x0 = left[i] & mask, x1 = (x0 + 1) & mask;
    const Texel* texels = levels_[levels[i]].data();
    const Texel* above = texels + ((top[i] & mask) << width);
    const Texel* below = texels + (((top[i] + 1) & mask) << width);
    colors[i] = (weighted(above[x0], top_left[i]) + weighted(above[x1], top_right[i]) +
                 weighted(below[x0], bottom_left[i]) + weighted(below[x1], bottom_right[i])) *
                four(1.0f / 255);
  }
  return colors;
}

Noise::Noise(Random random) {
  for (float& value : values_) value = static_cast<float>(random.uniform());
}

float Noise::lattice(float u, float v, int cells) const {
  const float x = u * cells, y = v * cells;
  const int column = static_cast<int>(x), row = static_cast<int>(y);
  float ax = x - column, ay = y - row;
  ax = ax * ax * (3 - 2 * ax);
  ay = ay * ay * (3 - 2 * ay);
  const unsigned wrap = cells - 1, last = kSize - 1;
  const unsigned x0 = column & wrap, y0 = row & wrap;
  const unsigned x1 = (x0 + 1) & wrap, y1 = (y0 + 1) & wrap;
  const unsigned shift = 7 * cells;
  const unsigned left = (x0 + shift) & last, right = (x1 + shift) & last;
  const float* above = &values_[(y0 & last) * kSize];
  const float* below = &values_[(y1 & last) * kSize];
  const float top = above[left] + (above[right] - above[left]) * ax;
  const float bottom = below[left] + (below[right] - below[left]) * ax;
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
