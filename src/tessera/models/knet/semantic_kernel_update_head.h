#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/linear.h>

#include <cstdint>

#include "tessera/models/knet/kernel_updator.h"
#include "tessera/nn/attention.h"
#include "tessera/nn/channel_norm.h"
#include "tessera/nn/conv_unit.h"

namespace tessera {

struct SemanticKernelUpdateHeadOptions {
  std::int64_t channels = 512;          ///< C, a multiple of updator_channels
  std::int64_t updator_channels = 256;  ///< longer kernels are updated in pieces of this length
  std::int64_t attention_heads = 8;
  std::int64_t feedforward_channels = 2048;
};

/// One stage, with what happens on the way.
struct SemanticStageOutput {
  torch::Tensor features;  // [B, C, h, w], transformed for this stage
  torch::Tensor updated;   // [B, N, C], after the kernel updator
  torch::Tensor kernels;   // [B, N, C], for the next stage
  torch::Tensor logits;    // [B, N, h, w]
};

/// One stage of K-Net's kernel update where every kernel is a class: pixels belong to kernels by a
/// softmax over the classes, and there is nothing to classify.
class SemanticKernelUpdateHeadImpl : public torch::nn::Module {
 public:
  explicit SemanticKernelUpdateHeadImpl(const SemanticKernelUpdateHeadOptions& options);

  /// features: [B, C, h, w]; kernels: [B, N, C]; logits: [B, N, h, w] of the stage before
  SemanticStageOutput forward(const torch::Tensor& features, const torch::Tensor& kernels,
                              const torch::Tensor& logits);

 private:
  std::int64_t updator_channels_;
  ResidualAttention attention_;
  ChannelNorm attention_norm_;
  KernelUpdator kernel_update_conv_;
  ConvUnit feat_transform_;
  ResidualFfn ffn_;
  ChannelNorm ffn_norm_;
  torch::nn::Linear mask_linear_;
  ChannelNorm mask_norm_;
  torch::nn::Linear fc_mask_;
};
TORCH_MODULE(SemanticKernelUpdateHead);

}  // namespace tessera
