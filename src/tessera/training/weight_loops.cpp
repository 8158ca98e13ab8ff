#include "tessera/training/weight_loops.h"

#include <ATen/Parallel.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "tessera/core/vector_units.h"

namespace tessera {
namespace {

constexpr std::int64_t kGrain = 1 << 15;  ///< values that are worth a thread

TESSERA_FOR_VECTOR_UNITS
double squares(const float* values, std::int64_t count) {
  constexpr std::int64_t kLanes = 8;
  double sums[kLanes] = {};
  const std::int64_t whole = count / kLanes * kLanes;
  for (std::int64_t i = 0; i < whole; i += kLanes)
    for (std::int64_t lane = 0; lane < kLanes; ++lane)
      sums[lane] += static_cast<double>(values[i + lane]) * values[i + lane];
  for (std::int64_t i = whole; i < count; ++i)
    sums[0] += static_cast<double>(values[i]) * values[i];
  return std::accumulate(sums, sums + kLanes, 0.0);
}

TESSERA_FOR_VECTOR_UNITS
void scale_values(float* values, std::int64_t count, float factor) {
  for (std::int64_t i = 0; i < count; ++i) values[i] *= factor;
}

TESSERA_FOR_VECTOR_UNITS
void approach_values(float* __restrict to, const float* __restrict from, std::int64_t count,
                     float share) {
  for (std::int64_t i = 0; i < count; ++i) to[i] += share * (from[i] - to[i]);
}

TESSERA_FOR_VECTOR_UNITS
void adamw_values(float* __restrict value, const float* __restrict gradient,
                  float* __restrict first, float* __restrict second, std::int64_t count,
                  const AdamWStep& step) {
  const auto beta1 = static_cast<float>(step.beta1), rest1 = static_cast<float>(1 - step.beta1);
  const auto beta2 = static_cast<float>(step.beta2), rest2 = static_cast<float>(1 - step.beta2);
  const auto keep = static_cast<float>(step.keep), rate = static_cast<float>(step.rate);
  const auto correction2 = static_cast<float>(step.correction2);
  const auto epsilon = static_cast<float>(step.epsilon);
  for (std::int64_t i = 0; i < count; ++i) {
    const float g = gradient[i];
    const float mean = first[i] * beta1 + rest1 * g;
    const float square = second[i] * beta2 + rest2 * g * g;
    first[i] = mean;
    second[i] = square;
    value[i] = value[i] * keep - rate * mean / (std::sqrt(square) / correction2 + epsilon);
  }
}

float* data(const torch::Tensor& tensor) { return tensor.data_ptr<float>(); }

}  // namespace

bool suits_loops(const torch::Tensor& tensor) {
  return tensor.device().is_cpu() && tensor.layout() == torch::kStrided &&
         tensor.scalar_type() == torch::kFloat32 && tensor.is_contiguous();
}

double sum_of_squares(const torch::Tensor& tensor) {
  // Summed by pieces of one size, so that it doesn't depend on the number of threads.
  const std::int64_t count = tensor.numel(), pieces = (count + kGrain - 1) / kGrain;
  std::vector<double> sums(static_cast<std::size_t>(pieces));
  at::parallel_for(0, pieces, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t piece = begin; piece < end; ++piece)
      sums[static_cast<std::size_t>(piece)] =
          squares(data(tensor) + piece * kGrain, std::min(kGrain, count - piece * kGrain));
  });
  return std::accumulate(sums.begin(), sums.end(), 0.0);
}

void scale(const torch::Tensor& tensor, double factor) {
  at::parallel_for(0, tensor.numel(), kGrain, [&](std::int64_t begin, std::int64_t end) {
    scale_values(data(tensor) + begin, end - begin, static_cast<float>(factor));
  });
}

void approach(const torch::Tensor& to, const torch::Tensor& from, double share) {
  at::parallel_for(0, to.numel(), kGrain, [&](std::int64_t begin, std::int64_t end) {
    approach_values(data(to) + begin, data(from) + begin, end - begin, static_cast<float>(share));
  });
}

void step_adamw(const torch::Tensor& value, const torch::Tensor& gradient,
                const torch::Tensor& first, const torch::Tensor& second, const AdamWStep& step) {
  at::parallel_for(0, value.numel(), kGrain, [&](std::int64_t begin, std::int64_t end) {
    adamw_values(data(value) + begin, data(gradient) + begin, data(first) + begin,
                 data(second) + begin, end - begin, step);
  });
}

}  // namespace tessera
