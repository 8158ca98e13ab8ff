#pragma once

#include <torch/nn/module.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "tessera/models/knet/semantic_kernel_update_head.h"
#include "tessera/nn/decode_head.h"

namespace tessera {

/// All stages of an IterativeDecodeHead.
struct IterativeDecodeOutput {
  torch::Tensor features;                   // [B, C, h, w], that every stage looks at
  torch::Tensor kernels;                    // [B, N, C], the generating head's
  torch::Tensor logits;                     // [B, N, h, w], the generating head's
  std::vector<SemanticStageOutput> stages;  ///< of the kernel update
};

/// K-Net's semantic head (section 3.3): a plain decode head's classifier gives the first kernels,
/// one a class, which the stages update.
class IterativeDecodeHeadImpl : public torch::nn::Module {
 public:
  IterativeDecodeHeadImpl(const DecodeHeadOptions& generate,
                          const SemanticKernelUpdateHeadOptions& update, int stages,
                          const std::vector<std::int64_t>& in_channels);

  /// maps: the backbone's four
  IterativeDecodeOutput forward(const std::vector<torch::Tensor>& maps);

 private:
  std::shared_ptr<DecodeHeadImpl> kernel_generate_head_;
  std::vector<SemanticKernelUpdateHead> kernel_update_heads_;
};
TORCH_MODULE(IterativeDecodeHead);

}  // namespace tessera
