#pragma once

#include <cmath>

namespace tessera::synth {

/// std::floor, which is a call into the library where the compiler may not assume SSE4.1.
inline float fast_floor(float x) {
  if (!(std::fabs(x) < 0x1p23f)) return x;  // there are no fractions out there
  const auto truncated = static_cast<float>(static_cast<int>(x));
  return truncated > x ? truncated - 1 : truncated;
}

inline float fast_ceil(float x) { return -fast_floor(-x); }

}  // namespace tessera::synth
