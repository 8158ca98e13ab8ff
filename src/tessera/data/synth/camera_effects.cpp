#include "tessera/data/synth/camera_effects.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "tessera/data/synth/rounding.h"
#include "tessera/image/image_io.h"

namespace tessera::synth {
namespace {

constexpr int kNoiseValues = 1 << 16;
constexpr int kMostTaps = 9;

/// Normal values to take runs from: drawing one for each pixel would take longer than the picture.
/// A second round stands behind the first, so that no run has to begin anew.
const std::vector<float>& noise_values() {
  static const std::vector<float> values = [] {
    Random random = Random(0).fork("camera noise");
    std::vector<float> result(kNoiseValues);
    for (float& value : result) value = static_cast<float>(random.normal());
    result.resize(2 * static_cast<std::size_t>(kNoiseValues));
    std::copy_n(result.begin(), kNoiseValues, result.begin() + kNoiseValues);
    return result;
  }();
  return values;
}

/// Where the taps of a blur lie along it, from -0.5 to 0.5, for each number of taps.
using TapTable = std::array<std::array<float, kMostTaps>, kMostTaps + 1>;
const TapTable& tap_places() {
  static const TapTable table = [] {
    TapTable places{};
    for (int taps = 2; taps <= kMostTaps; ++taps)
      for (int i = 0; i < taps; ++i)
        places[taps][i] = static_cast<float>(i) / static_cast<float>(taps - 1) - 0.5f;
    return places;
  }();
  return table;
}

Pixels<float> blur_along_flow(const Pixels<float>& color, const Pixels<float>& flow,
                              float shutter) {
  Pixels<float> out = color;
  const int width = color.width(), height = color.height();
  const TapTable& places = tap_places();
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      const float dx = std::clamp(flow.at(x, y, 0) * shutter, -24.0f, 24.0f);
      const float dy = std::clamp(flow.at(x, y, 1) * shutter, -24.0f, 24.0f);
      const float length = std::max(std::fabs(dx), std::fabs(dy));
      if (length < 1) continue;
      const int taps = std::min(kMostTaps, 1 + 2 * static_cast<int>(fast_ceil(length / 2)));
      float sum[3] = {0, 0, 0};
      for (int i = 0; i < taps; ++i) {
        const float along = places[taps][i];
        const int sx = std::clamp(static_cast<int>(x + dx * along + 0.5f), 0, width - 1);
        const int sy = std::clamp(static_cast<int>(y + dy * along + 0.5f), 0, height - 1);
        const float* from = &color.at(sx, sy);
        for (int c = 0; c < 3; ++c) sum[c] += from[c];
      }
      for (int c = 0; c < 3; ++c) out.at(x, y, c) = sum[c] / taps;
    }
  return out;
}

/// Without a branch, so that several values are computed at a time.
void expose_row(const float* light, const std::vector<float>& gains, float noise,
                const float* noise_values, std::uint8_t* out) {
  for (std::size_t i = 0; i < gains.size(); ++i) {
    const float value = light[i] * gains[i];
    // Bright parts roll off softly. Shadows carry more visible noise than lights.
    const float excess = std::max(value - 0.8f, 0.0f);
    const float shown = std::min(value, 0.8f) + excess / (1 + 2.5f * excess);
    const float noisy = shown + noise * noise_values[i];
    out[i] = static_cast<std::uint8_t>(
        static_cast<int>(std::min(std::max(noisy, 0.0f), 1.0f) * 255 + 0.5f));
  }
}

}  // namespace

Image expose(const Pixels<float>& color, const Pixels<float>& flow, const CameraEffects& effects,
             Random random) {
  const Pixels<float> light = blur_along_flow(color, flow, effects.shutter);
  const std::vector<float>& noise = noise_values();
  Image image(light.size(), 3);
  const float center_x = light.width() / 2.0f, center_y = light.height() / 2.0f;
  std::vector<float> gains(3 * static_cast<std::size_t>(light.width()));
  for (int y = 0; y < light.height(); ++y) {
    const float dy = (y - center_y) / center_y;
    for (int x = 0; x < light.width(); ++x) {
      const float dx = (x - center_x) / center_x;
      std::fill_n(&gains[3 * static_cast<std::size_t>(x)], 3,
                  effects.exposure * (1 - 0.08f * (dx * dx + dy * dy)));
    }
    expose_row(light.row(y), gains, effects.noise,
               &noise[static_cast<std::size_t>(random.uniform_int(0, kNoiseValues - 1))],
               image.row(y));
  }
  return decode_image(encode_jpeg(image, effects.jpeg_quality), "a synthetic frame");
}

}  // namespace tessera::synth
