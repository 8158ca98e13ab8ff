#include "tensor.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

#include "tessera/core/error.h"

namespace tessera::parity {

std::int64_t Values::numel() const {
  return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

std::string format_shape(const std::vector<std::int64_t>& shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

Values subsample(const Values& full, const std::vector<std::int64_t>& steps) {
  if (steps.size() > full.shape.size())
    fail("{} sub-sampling steps for a tensor of shape {}", steps.size(), format_shape(full.shape));
  Values result{{}, {}, full.is_integer};
  const std::size_t dims = full.shape.size();
  std::vector<std::int64_t> strides(dims, 1);  // of `full`, in elements, one step further each
  for (std::size_t d = dims; d-- > 1;) strides[d - 1] = strides[d] * full.shape[d];
  for (std::size_t d = 0; d < dims; ++d) {
    const std::int64_t step = d < steps.size() ? steps[d] : 1;
    if (step < 1) fail("a sub-sampling step of {}", step);
    result.shape.push_back((full.shape[d] + step - 1) / step);
    strides[d] *= step;
  }
  result.data.resize(static_cast<std::size_t>(result.numel()));
  std::vector<std::int64_t> index(dims, 0);
  for (double& value : result.data) {
    value = full.data[static_cast<std::size_t>(
        std::inner_product(index.begin(), index.end(), strides.begin(), std::int64_t{0}))];
    for (std::size_t d = dims; d-- > 0;) {
      if (++index[d] < result.shape[d]) break;
      index[d] = 0;
    }
  }
  return result;
}

Values first_rows(const Values& full, std::int64_t rows) {
  if (full.shape.empty() || rows >= full.shape[0]) return full;
  Values result = full;
  result.shape[0] = rows;
  result.data.resize(static_cast<std::size_t>(result.numel()));
  return result;
}

Values sample_vector(const Values& full) {
  constexpr std::int64_t kKept = 32;
  const std::int64_t step = std::max<std::int64_t>(1, full.numel() / kKept) | 1;
  Values result = subsample({{full.numel()}, full.data, full.is_integer}, {step});
  return first_rows(result, kKept);
}

Difference measure(const Values& actual, const Values& expected) {
  Difference difference;
  double largest = 0, worst = 0;
  std::int64_t differing = 0;
  for (std::size_t i = 0; i < expected.data.size(); ++i) {
    const double a = actual.data[i], b = expected.data[i];
    if (!std::isnan(b)) largest = std::max(largest, std::abs(b));
    if (a == b || (std::isnan(a) && std::isnan(b))) continue;
    ++differing;
    double distance = std::abs(a - b);
    if (std::isnan(distance)) distance = std::numeric_limits<double>::infinity();
    if (distance > worst) {
      worst = distance;
      difference.worst_index = static_cast<std::int64_t>(i);
    }
  }
  difference.max_absolute = worst;
  if (differing > 0) {
    difference.max_relative =
        largest > 0 ? worst / largest : std::numeric_limits<double>::infinity();
    difference.differing_fraction =
        static_cast<double>(differing) / static_cast<double>(expected.data.size());
  }
  return difference;
}

}  // namespace tessera::parity
