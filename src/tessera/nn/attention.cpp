#include "tessera/nn/attention.h"

#include <torch/torch.h>

#include <cmath>

namespace tessera {

MultiHeadAttentionImpl::MultiHeadAttentionImpl(std::int64_t channels, std::int64_t heads)
    : heads_(heads) {
  in_proj_weight = register_parameter("in_proj_weight", torch::empty({3 * channels, channels}));
  in_proj_bias = register_parameter("in_proj_bias", torch::zeros({3 * channels}));
  out_proj = register_module("out_proj", torch::nn::Linear(channels, channels));
  torch::nn::init::xavier_uniform_(in_proj_weight);
  torch::nn::init::zeros_(out_proj->bias);
}

torch::Tensor MultiHeadAttentionImpl::forward(const torch::Tensor& query, const torch::Tensor& key,
                                              const torch::Tensor& value) {
  const std::int64_t batch = query.size(0), channels = query.size(2);
  const auto weights = in_proj_weight.chunk(3);
  const auto biases = in_proj_bias.chunk(3);
  const auto project = [&](const torch::Tensor& x, int part) {  // -> [B, heads, N, C / heads]
    return torch::linear(x, weights[part], biases[part])
        .view({batch, x.size(1), heads_, channels / heads_})
        .transpose(1, 2);
  };
  const double scale = 1 / std::sqrt(static_cast<double>(channels / heads_));
  const auto scores = torch::matmul(project(query, 0) * scale, project(key, 1).transpose(2, 3));
  const auto attended = torch::matmul(scores.softmax(-1), project(value, 2));
  return out_proj(attended.transpose(1, 2).reshape({batch, query.size(1), channels}));
}

ResidualAttentionImpl::ResidualAttentionImpl(std::int64_t channels, std::int64_t heads) {
  attn = register_module("attn", MultiHeadAttention(channels, heads));
}

torch::Tensor ResidualAttentionImpl::forward(const torch::Tensor& query, const torch::Tensor& key,
                                             const torch::Tensor& value) {
  return query + attn(query, key, value);
}

ResidualFfnImpl::ResidualFfnImpl(std::int64_t channels, std::int64_t hidden_channels)
    : widen_(channels, hidden_channels), narrow_(hidden_channels, channels) {
  const auto layers = register_module("layers", std::make_shared<torch::nn::Module>());
  layers->register_module("0", std::make_shared<torch::nn::Module>())->register_module("0", widen_);
  layers->register_module("1", narrow_);
}

torch::Tensor ResidualFfnImpl::forward(const torch::Tensor& x) {
  return x + narrow_(widen_(x).relu_());
}

}  // namespace tessera
