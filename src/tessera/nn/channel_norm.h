#pragma once

#include <torch/nn/modules/normalization.h>

#include <cstdint>

namespace tessera {

/// Layer normalisation over the last dimension, in the type of its weights: in mixed precision what
/// comes in is narrower, and CPUs normalise in one type.
class ChannelNormImpl : public torch::nn::LayerNormImpl {
 public:
  explicit ChannelNormImpl(std::int64_t channels, double epsilon = 1e-5)
      : LayerNormImpl(torch::nn::LayerNormOptions({channels}).eps(epsilon)) {}
  torch::Tensor forward(const torch::Tensor& x) {
    return LayerNormImpl::forward(x.to(weight.scalar_type()));
  }
};
TORCH_MODULE(ChannelNorm);

}  // namespace tessera
