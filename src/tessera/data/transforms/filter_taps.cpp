#include "tessera/data/transforms/filter_taps.h"

#include <algorithm>
#include <cmath>

namespace tessera {
namespace {

/// How far a kernel reaches from its middle.
double reach(FilterKernel kernel) { return kernel == FilterKernel::kCubic ? 2 : 1; }

double weight_at(FilterKernel kernel, double distance) {
  const double x = std::abs(distance);
  if (x >= reach(kernel)) return 0;
  if (kernel == FilterKernel::kTriangle) return 1 - x;
  constexpr double a = -0.5;
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return (((x - 5) * x + 8) * x - 4) * a;
}

}  // namespace

std::vector<FilterTaps> filter_taps(int in, int out, FilterKernel kernel) {
  const double scale = static_cast<double>(in) / out;
  const double widening = std::max(scale, 1.0);
  const double support = reach(kernel) * widening;
  std::vector<FilterTaps> all(out);
  for (int i = 0; i < out; ++i) {
    const double center = (i + 0.5) * scale;
    const int first = std::max(static_cast<int>(center - support + 0.5), 0);
    const int last = std::min(static_cast<int>(center + support + 0.5), in);
    FilterTaps& taps = all[i];
    taps.first = first;
    double sum = 0;
    for (int k = first; k < last; ++k) {
      taps.weights.push_back(weight_at(kernel, (k - center + 0.5) * (1.0 / widening)));
      sum += taps.weights.back();
    }
    if (sum != 0)
      for (double& weight : taps.weights) weight /= sum;
  }
  return all;
}

}  // namespace tessera
