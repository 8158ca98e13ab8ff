#include "tessera/nn/position_encoding.h"

#include <torch/torch.h>

#include <numbers>

namespace tessera {
namespace {

/// [size, features]: sines at even places, cosines at odd ones.
torch::Tensor encode_axis(std::int64_t size, std::int64_t features) {
  constexpr double kEpsilon = 1e-6, kTemperature = 10000;
  const auto place = torch::arange(1, size + 1, torch::kFloat32) /
                     (static_cast<double>(size) + kEpsilon) * (2 * std::numbers::pi);
  const auto pair = torch::arange(features, torch::kFloat32).div(2, "floor");
  const auto divisor = torch::pow(kTemperature, 2 * pair / features);
  const auto angle = place.unsqueeze(1) / divisor;
  const auto even = angle.slice(1, 0, features, 2).sin();
  const auto odd = angle.slice(1, 1, features, 2).cos();
  return torch::stack({even, odd}, 2).flatten(1);
}

}  // namespace

torch::Tensor sine_position_encoding(std::int64_t height, std::int64_t width,
                                     std::int64_t features) {
  const auto rows = encode_axis(height, features).t().unsqueeze(2);    // [F, H, 1]
  const auto columns = encode_axis(width, features).t().unsqueeze(1);  // [F, 1, W]
  return torch::cat(
      {rows.expand({features, height, width}), columns.expand({features, height, width})});
}

}  // namespace tessera
