#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/conv.h>

#include <cstdint>
#include <vector>

#include "tessera/models/knet/semantic_fpn.h"
#include "tessera/nn/conv_unit.h"

namespace tessera {

struct KernelHeadOptions {
  std::int64_t channels = 256;      ///< C, a multiple of 32
  std::int64_t proposals = 100;     ///< N
  std::int64_t thing_classes = 80;  ///< T
  std::int64_t stuff_classes = 0;   ///< S; 0 for instance segmentation
  std::int64_t stride = 8;          ///< of features and masks; 4 for small pictures
};

struct KernelHeadOutput {
  SemanticFpnOutput pyramid;   ///< what came in, fused
  torch::Tensor localization;  // [B, C, h, w]
  torch::Tensor semantic;      // [B, C, h, w]
  torch::Tensor features;      // [B, C, h, w], the sum of both
  torch::Tensor kernels;       // [B, N, C]
  torch::Tensor mask_logits;   // [B, N, h, w]
  torch::Tensor class_logits;  // [B, T + S, h, w], a class a pixel
};

/// Makes the first kernels and masks: learned kernels, each plus the features under its own mask.
class KernelHeadImpl : public torch::nn::Module {
 public:
  explicit KernelHeadImpl(const KernelHeadOptions& options);

  /// levels: P2..P5; h and w are those of the stride.
  KernelHeadOutput forward(const std::vector<torch::Tensor>& levels);

  /// Appends the stuff classes, which need no proposals: their kernels are the rows of the
  /// per-pixel classifier. -> kernels [B, N+S, C], mask_logits [B, N+S, h, w]
  void append_stuff(KernelHeadOutput& output) const;

 private:
  KernelHeadOptions options_;
  SemanticFpn localization_fpn_;
  ConvUnit loc_conv_;
  ConvUnit seg_conv_;
  torch::nn::Conv2d init_kernels_{nullptr};
  torch::nn::Conv2d conv_seg_{nullptr};
};
TORCH_MODULE(KernelHead);

/// The sum of the features under each mask, where its probability is above one half. No gradient
/// reaches the masks. masks: [B, N, h, w], features: [B, C, h, w] -> [B, N, C]
torch::Tensor pool_under_masks(const torch::Tensor& mask_logits, const torch::Tensor& features);

}  // namespace tessera
