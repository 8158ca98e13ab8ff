#pragma once

#include <torch/types.h>

namespace tessera {

/// What an optimiser does to weights, each in one pass over memory where torch makes up to ten. For
/// dense float tensors on the CPU, of the same shape.

/// Whether the loops below can take the tensor.
bool suits_loops(const torch::Tensor& tensor);

double sum_of_squares(const torch::Tensor& tensor);
void scale(const torch::Tensor& tensor, double factor);
/// to += share * (from - to)
void approach(const torch::Tensor& to, const torch::Tensor& from, double share);

struct AdamWStep {
  double beta1, beta2, epsilon;
  double keep;         ///< what decay leaves of a weight
  double rate;         ///< over the first moment's correction
  double correction2;  ///< root of the second moment's
};
void step_adamw(const torch::Tensor& value, const torch::Tensor& gradient,
                const torch::Tensor& first, const torch::Tensor& second, const AdamWStep& step);

}  // namespace tessera
