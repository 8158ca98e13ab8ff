#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/linear.h>

#include <cstdint>

namespace tessera {

/// Multi-head attention with torch's parameters (`in_proj_weight`, `in_proj_bias`, `out_proj.*`),
/// batch first.
class MultiHeadAttentionImpl : public torch::nn::Module {
 public:
  MultiHeadAttentionImpl(std::int64_t channels, std::int64_t heads);

  /// query: [B, N, C], key and value: [B, M, C] -> [B, N, C]
  torch::Tensor forward(const torch::Tensor& query, const torch::Tensor& key,
                        const torch::Tensor& value);

  torch::Tensor in_proj_weight;  // [3C, C]
  torch::Tensor in_proj_bias;    // [3C]
  torch::nn::Linear out_proj{nullptr};

 private:
  std::int64_t heads_;
};
TORCH_MODULE(MultiHeadAttention);

/// Attention plus what goes in, as mmcv wraps it: the attention is called `attn`.
class ResidualAttentionImpl : public torch::nn::Module {
 public:
  ResidualAttentionImpl(std::int64_t channels, std::int64_t heads);
  torch::Tensor forward(const torch::Tensor& query, const torch::Tensor& key,
                        const torch::Tensor& value);

  MultiHeadAttention attn{nullptr};
};
TORCH_MODULE(ResidualAttention);

/// Two linear layers with a ReLU between, plus what goes in: mmcv's FFN (`layers.0.0`, `layers.1`).
class ResidualFfnImpl : public torch::nn::Module {
 public:
  ResidualFfnImpl(std::int64_t channels, std::int64_t hidden_channels);
  torch::Tensor forward(const torch::Tensor& x);

 private:
  torch::nn::Linear widen_;
  torch::nn::Linear narrow_;
};
TORCH_MODULE(ResidualFfn);

}  // namespace tessera
