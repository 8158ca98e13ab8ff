#pragma once

#include <vector>

namespace tessera {

enum class FilterKernel {
  kTriangle,  ///< bilinear
  kCubic,     ///< bicubic with a = -0.5
};

/// The source pixels of one output pixel and their weights, which add up to 1.
struct FilterTaps {
  int first = 0;
  std::vector<double> weights;
};

/// Resampling a line of `in` pixels to `out`: one entry an output pixel. The kernel widens with the
/// shrinking, so that nothing is skipped; PIL, TensorFlow and torch ("antialias") agree on this.
std::vector<FilterTaps> filter_taps(int in, int out, FilterKernel kernel);

}  // namespace tessera
