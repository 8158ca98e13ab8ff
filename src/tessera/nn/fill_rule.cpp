#include "tessera/nn/fill_rule.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <string>

#include "tessera/core/random.h"

namespace tessera {
namespace {

/// Calls make(v) for the first `count` values v in [-1, 1) of the stream called `name`.
template <class Make>
std::vector<float> draw(std::string_view name, std::size_t count, const Make& make) {
  constexpr std::uint64_t kGamma = 0x9E3779B97F4A7C15;
  const std::uint64_t seed = fnv1a(name);
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) {
    const double u = static_cast<double>(splitmix64(seed + (i + 1) * kGamma) >> 40) * 0x1.0p-24;
    values[i] = static_cast<float>(make(2.0 * u - 1.0));
  }
  return values;
}

}  // namespace

std::vector<float> fill_values(std::string_view name, std::span<const std::int64_t> shape,
                               std::string_view salt) {
  const auto count = static_cast<std::size_t>(
      std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>()));
  const std::string_view last = name.substr(name.rfind('.') + 1);
  const std::string stream = std::string(salt) + std::string(name);
  if (last == "num_batches_tracked") return std::vector<float>(count, 0.0f);
  if (last == "running_var") return draw(stream, count, [](double v) { return 1.0 + 0.5 * v; });
  if (last == "running_mean") return draw(stream, count, [](double v) { return 0.1 * v; });
  if (shape.size() >= 2) {
    const std::size_t rows = std::max<std::size_t>(1, static_cast<std::size_t>(shape[0]));
    const double bound =
        std::sqrt(3.0 / static_cast<double>(std::max<std::size_t>(1, count / rows)));
    return draw(stream, count, [bound](double v) { return v * bound; });
  }
  if (last == "weight") return draw(stream, count, [](double v) { return 1.0 + 0.2 * v; });
  return draw(stream, count, [](double v) { return 0.1 * v; });
}

std::vector<float> signal_values(std::string_view name, std::size_t count, double scale) {
  return draw(name, count, [scale](double v) { return v * scale; });
}

}  // namespace tessera
