#pragma once

#include <torch/nn/module.h>

#include <cstdint>
#include <string>

#include "tessera/models/knet/kernel_updator.h"
#include "tessera/nn/attention.h"
#include "tessera/nn/channel_norm.h"

namespace tessera {

struct KernelLinkOptions {
  std::int64_t channels = 256;
  std::int64_t attention_heads = 8;
  std::int64_t feedforward_channels = 2048;
  bool update = false;  ///< the previous kernels are updated with this frame's features first
};

/// Lets the kernels of one frame look at those of another: attention, then a feed-forward network.
/// Not a module of its own: checkpoints have its parts in the stage that it belongs to, with the
/// ending `suffix`.
class KernelLink {
 public:
  KernelLink() = default;
  KernelLink(torch::nn::Module& stage, const std::string& suffix, const KernelLinkOptions& options);

  explicit operator bool() const { return !attention_.is_empty(); }

  /// kernels, pooled: [B, N, C] of this frame; previous: [B, N, C] kernels of the other one
  torch::Tensor operator()(const torch::Tensor& kernels, const torch::Tensor& pooled,
                           const torch::Tensor& previous);

 private:
  KernelUpdator update_{nullptr};
  ResidualAttention attention_{nullptr};
  ChannelNorm attention_norm_{nullptr};
  ResidualFfn ffn_{nullptr};
  ChannelNorm ffn_norm_{nullptr};
};

/// The kernel updator on batches. pooled, kernels: [B, N, C] -> [B, N, C]
torch::Tensor update_kernels(KernelUpdator& updator, const torch::Tensor& pooled,
                             const torch::Tensor& kernels);

}  // namespace tessera
