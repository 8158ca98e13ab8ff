#include "tessera/data/synth/camera_effects.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <vector>

#include "tessera/data/synth/four.h"
#include "tessera/data/synth/rounding.h"
#include "tessera/image/image_io.h"

namespace tessera::synth {
namespace {

constexpr int kNoiseValues = 1 << 16;
constexpr int kMostTaps = 9;

/// Normal values to take runs from: drawing one for each pixel would take longer than the picture.
/// A second round stands behind the first, so that no run has to begin anew, and one value more, as
/// three are read with a fourth.
const std::vector<float>& noise_values() {
  static const std::vector<float> values = [] {
    Random random = Random(0).fork("camera noise");
    std::vector<float> result(kNoiseValues);
    for (float& value : result) value = static_cast<float>(random.normal());
    result.resize(2 * static_cast<std::size_t>(kNoiseValues) + 1);
    std::copy_n(result.begin(), kNoiseValues, result.begin() + kNoiseValues);
    return result;
  }();
  return values;
}

/// Where the taps of a blur lie along it, from -0.5 to 0.5, for each number of taps; whole fours.
using TapTable = std::array<std::array<float, 12>, kMostTaps + 1>;
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

/// The middle of `taps` places along (dx, dy) about pixel (x, y).
Four blurred(const Pixels<float>& color, int x, int y, float dx, float dy, int taps) {
  const Four right = four(color.width() - 1.0f), bottom = four(color.height() - 1.0f);
  const auto pixel = [](const Four& place, const Four& last) {
    return cv::v_trunc(cv::v_min(cv::v_max(place + four(0.5f), cv::v_setzero_f32()), last));
  };
  const float* places = tap_places()[taps].data();
  std::array<int, 12> at_x, at_y;
  for (int i = 0; i < taps; i += 4) {
    const Four along = cv::v_load(places + i);
    cv::v_store(&at_x[i], pixel(four(static_cast<float>(x)) + four(dx) * along, right));
    cv::v_store(&at_y[i], pixel(four(static_cast<float>(y)) + four(dy) * along, bottom));
  }
  Four sum = cv::v_setzero_f32();
  for (int i = 0; i < taps; ++i) sum += cv::v_load(&color.at(at_x[i], at_y[i]));
  return sum / four(static_cast<float>(taps));
}

Four blur_along_flow(const Pixels<float>& color, const Pixels<float>& flow, float shutter, int x,
                     int y) {
  const float dx = std::clamp(flow.at(x, y, 0) * shutter, -24.0f, 24.0f);
  const float dy = std::clamp(flow.at(x, y, 1) * shutter, -24.0f, 24.0f);
  const float length = std::max(std::fabs(dx), std::fabs(dy));
  if (length < 1) return cv::v_load(&color.at(x, y));
  const int taps = std::min(kMostTaps, 1 + 2 * static_cast<int>(fast_ceil(length / 2)));
  return blurred(color, x, y, dx, dy, taps);
}

/// What a sensor makes of light, as whole numbers up to 255.
cv::v_int32x4 sense(const Four& light, float gain, const Four& noise) {
  const Four value = light * four(gain);
  // Bright parts roll off softly. Shadows carry more visible noise than lights.
  const Four excess = cv::v_max(value - four(0.8f), cv::v_setzero_f32());
  const Four shown = cv::v_min(value, four(0.8f)) + excess / (four(1) + four(2.5f) * excess);
  const Four noisy = cv::v_min(cv::v_max(shown + noise, cv::v_setzero_f32()), four(1));
  return cv::v_trunc(noisy * four(255) + four(0.5f));
}

/// The bytes of red, green, blue and nothing.
std::uint32_t packed(const cv::v_int32x4& channels) {
  const cv::v_int16x8 words = cv::v_pack(channels, channels);
  return cv::v_reinterpret_as_u32(cv::v_pack_u(words, words)).get0();
}

}  // namespace

Image expose(const Pixels<float>& color, const Pixels<float>& flow, const CameraEffects& effects,
             Random random) {
  const std::vector<float>& noise_values_of_all = noise_values();
  Image image(color.size(), 3);
  const int width = color.width();
  const float center_x = width / 2.0f, center_y = color.height() / 2.0f;
  std::vector<float> squares(static_cast<std::size_t>(width));  // of the distance from the middle
  for (int x = 0; x < width; ++x) {
    const float dx = (x - center_x) / center_x;
    squares[x] = dx * dx;
  }
  // Pixels are written with a fourth byte, which the next one replaces.
  std::vector<std::uint8_t> bytes(3 * static_cast<std::size_t>(width) + 1);
  for (int y = 0; y < color.height(); ++y) {
    const float dy = (y - center_y) / center_y;
    const float* noise =
        &noise_values_of_all[static_cast<std::size_t>(random.uniform_int(0, kNoiseValues - 1))];
    for (int x = 0; x < width; ++x) {
      const float gain = effects.exposure * (1 - 0.08f * (squares[x] + dy * dy));
      const std::uint32_t pixel =
          packed(sense(blur_along_flow(color, flow, effects.shutter, x, y), gain,
                       four(effects.noise) * cv::v_load(noise + 3 * x)));
      std::memcpy(&bytes[3 * static_cast<std::size_t>(x)], &pixel, sizeof(pixel));
    }
    std::copy(bytes.begin(), bytes.end() - 1, image.row(y));
  }
  return decode_image(encode_jpeg(image, effects.jpeg_quality), "a synthetic frame");
}

}  // namespace tessera::synth
