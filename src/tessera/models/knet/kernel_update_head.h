#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/linear.h>

#include <cstdint>

#include "tessera/models/knet/kernel_link.h"
#include "tessera/models/knet/kernel_updator.h"
#include "tessera/nn/attention.h"
#include "tessera/nn/channel_norm.h"
#include "tessera/nn/conv_unit.h"

namespace tessera {

/// How a stage of Video K-Net makes the kernels that objects are tracked by.
enum class TrackLink {
  kNone,       ///< an image model
  kAttention,  ///< they attend to the kernels of the frame before (previous_type "ffn")
  kUpdate,     ///< which are updated with this frame's features first (previous_type "update")
};

/// How a stage of Video K-Net changes its kernels by those of the frame before, ahead of its own
/// update.
enum class KernelFusion {
  kNone,
  kAttention,  ///< previous_link "link_atten"
  kUpdate,     ///< previous_link "update_dynamic_cov"
};

struct KernelUpdateHeadOptions {
  std::int64_t channels = 256;  ///< C
  std::int64_t classes = 80;    ///< of the class logits
  std::int64_t attention_heads = 8;
  std::int64_t feedforward_channels = 2048;
  KernelUpdate update = KernelUpdate::kOriginal;
  TrackLink track_link = TrackLink::kNone;
  KernelFusion fusion = KernelFusion::kNone;
};

/// One stage, with what happens on the way.
struct KernelUpdateOutput {
  torch::Tensor features;       // [B, C, h, w], transformed for this stage
  torch::Tensor pooled;         // [B, N, C], features under the masks of the stage before
  torch::Tensor updated;        // [B, N, C], after the kernel updator
  torch::Tensor attended;       // [B, N, C], after the proposals' attention to each other
  torch::Tensor kernels;        // [B, N, C], for the next stage
  torch::Tensor mask_kernels;   // [B, N, C], that the masks are computed with
  torch::Tensor mask_logits;    // [B, N, h, w]
  torch::Tensor class_logits;   // [B, N, classes]
  torch::Tensor track_kernels;  // [B, N, C], linked to the previous frame; `kernels` without one
};

/// One stage of K-Net's iterative kernel update (section 3.2): pool features under the masks,
/// update the kernels with them, let the kernels interact, predict classes and new masks.
class KernelUpdateHeadImpl : public torch::nn::Module {
 public:
  explicit KernelUpdateHeadImpl(const KernelUpdateHeadOptions& options);

  /// features: [B, C, h, w]; kernels: [B, N, C]; mask_logits: [B, N, h, w]; previous: [B, N, C],
  /// the last kernels of another frame, or undefined
  KernelUpdateOutput forward(const torch::Tensor& features, const torch::Tensor& kernels,
                             const torch::Tensor& mask_logits, const torch::Tensor& previous = {});

 private:
  ConvUnit feat_transform_;
  KernelUpdator kernel_update_conv_;
  ResidualAttention attention_;
  ChannelNorm attention_norm_;
  ResidualFfn ffn_;
  ChannelNorm ffn_norm_;
  torch::nn::Linear class_linear_, mask_linear_;
  ChannelNorm class_norm_, mask_norm_;
  torch::nn::Linear fc_cls_, fc_mask_;
  KernelLink track_link_, fusion_;
};
TORCH_MODULE(KernelUpdateHead);

}  // namespace tessera
