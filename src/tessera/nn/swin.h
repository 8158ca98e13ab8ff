#pragma once

#include <torch/nn/modules/container/modulelist.h>
#include <torch/nn/modules/conv.h>

#include <cstdint>
#include <vector>

#include "tessera/nn/backbone.h"
#include "tessera/nn/channel_norm.h"

namespace tessera {

/// Whose parameter names. The two also order the four pixels of a patch merging differently.
enum class SwinLayout {
  kOpenMmlab,  ///< mmdet's and mmseg's: `stages`, `attn.w_msa`, `ffn.layers`
  kOriginal    ///< the original release's, and Video K-Net's: `layers`, `attn`, `mlp`
};

struct SwinOptions {
  std::int64_t channels = 96;  ///< of the first stage; each further one doubles them
  std::vector<std::int64_t> depths = {2, 2, 6, 2};   ///< blocks of each stage
  std::vector<std::int64_t> heads = {3, 6, 12, 24};  ///< attention heads of each stage
  std::int64_t window = 7;                           ///< side of the attention windows, in tokens
  std::int64_t mlp_ratio = 4;  ///< hidden channels of a block's MLP over its channels
  bool qkv_bias = true;
  /// Probability that a residual branch is dropped in training: 0 at the first block, rising
  /// linearly to this at the last.
  double drop_path = 0.2;
  SwinLayout layout = SwinLayout::kOpenMmlab;
  int frozen_stages = -1;  ///< 0: the patch embedding gets no gradient; k: stages 1..k neither
  bool recompute = false;  ///< training keeps no activations inside blocks (mmdet's with_cp)
};

/// The Swin transformer (Liu et al., ICCV 2021) as a backbone: forward() returns the output of
/// each stage before its patch merging, through a layer norm of its own. Any image size; what does
/// not divide is padded with zeros at the right and below.
class SwinImpl : public BackboneImpl {
 public:
  explicit SwinImpl(const SwinOptions& options);
  std::vector<torch::Tensor> forward(const torch::Tensor& image) override;
  void train(bool on = true) override;

  std::vector<std::int64_t> out_channels() const override { return out_channels_; }

 private:
  torch::Tensor embed(const torch::Tensor& image);
  std::vector<torch::nn::Module*> frozen_parts();

  int frozen_stages_;
  std::vector<std::int64_t> out_channels_;
  torch::nn::Conv2d projection_{nullptr};
  ChannelNorm embedding_norm_{nullptr};
  torch::nn::ModuleList stages_;
  std::vector<ChannelNorm> norms_;
};
TORCH_MODULE(Swin);

}  // namespace tessera
