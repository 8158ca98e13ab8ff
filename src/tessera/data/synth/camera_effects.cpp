#include "tessera/data/synth/camera_effects.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "tessera/image/image_io.h"

namespace tessera::synth {
namespace {

constexpr int kNoiseValues = 1 << 16;

/// Normal values to take runs from: drawing one for each pixel would take longer than the picture.
const std::vector<float>& noise_values() {
  static const std::vector<float> values = [] {
    Random random = Random(0).fork("camera noise");
    std::vector<float> result(kNoiseValues);
    for (float& value : result) value = static_cast<float>(random.normal());
    return result;
  }();
  return values;
}

Pixels<float> blur_along_flow(const Pixels<float>& color, const Pixels<float>& flow,
                              float shutter) {
  Pixels<float> out = color;
  const int width = color.width(), height = color.height();
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      const float dx = std::clamp(flow.at(x, y, 0) * shutter, -24.0f, 24.0f);
      const float dy = std::clamp(flow.at(x, y, 1) * shutter, -24.0f, 24.0f);
      const float length = std::max(std::fabs(dx), std::fabs(dy));
      if (length < 1) continue;
      const int taps = std::min(9, 1 + 2 * static_cast<int>(std::ceil(length / 2)));
      float sum[3] = {0, 0, 0};
      for (int i = 0; i < taps; ++i) {
        const float along = static_cast<float>(i) / (taps - 1) - 0.5f;
        const int sx = std::clamp(static_cast<int>(x + dx * along + 0.5f), 0, width - 1);
        const int sy = std::clamp(static_cast<int>(y + dy * along + 0.5f), 0, height - 1);
        const float* from = &color.at(sx, sy);
        for (int c = 0; c < 3; ++c) sum[c] += from[c];
      }
      for (int c = 0; c < 3; ++c) out.at(x, y, c) = sum[c] / taps;
    }
  return out;
}

}  // namespace

Image expose(const Pixels<float>& color, const Pixels<float>& flow, const CameraEffects& effects,
             Random random) {
  const Pixels<float> light = blur_along_flow(color, flow, effects.shutter);
  const std::vector<float>& noise = noise_values();
  Image image(light.size(), 3);
  const float center_x = light.width() / 2.0f, center_y = light.height() / 2.0f;
  for (int y = 0; y < light.height(); ++y) {
    const float* in = light.row(y);
    std::uint8_t* out = image.row(y);
    auto at = static_cast<std::size_t>(random.uniform_int(0, kNoiseValues - 1));
    const float dy = (y - center_y) / center_y;
    for (int x = 0; x < light.width(); ++x) {
      const float dx = (x - center_x) / center_x;
      const float gain = effects.exposure * (1 - 0.08f * (dx * dx + dy * dy));
      for (int c = 0; c < 3; ++c) {
        const float value = in[3 * x + c] * gain;
        // Shadows carry more visible noise than lights; bright parts roll off softly.
        const float shown =
            value < 0.8f ? value : 0.8f + (value - 0.8f) / (1 + 2.5f * (value - 0.8f));
        const float noisy = shown + effects.noise * noise[at++ & (kNoiseValues - 1)];
        out[3 * x + c] = static_cast<std::uint8_t>(std::clamp(noisy, 0.0f, 1.0f) * 255 + 0.5f);
      }
    }
  }
  return decode_image(encode_jpeg(image, effects.jpeg_quality), "a synthetic frame");
}

}  // namespace tessera::synth
