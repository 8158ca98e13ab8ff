#pragma once

#include <array>
#include <opencv2/core/hal/intrin.hpp>

namespace tessera::synth {

/// One value of each of four places, or four channels of one.
using Four = cv::v_float32x4;
inline Four four(float value) { return cv::v_setall_f32(value); }

/// Red, green, blue and nothing of four places.
using FourColors = std::array<Four, 4>;

}  // namespace tessera::synth
