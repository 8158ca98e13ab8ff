#pragma once

#include <torch/nn/module.h>

#include <cstdint>
#include <vector>

#include "tessera/nn/conv_unit.h"

namespace tessera {

/// Localisation and semantic features of K-Net's kernel head: [B, C, H/stride, W/stride].
struct SemanticFpnOutput {
  torch::Tensor localization;
  torch::Tensor semantic;
};

/// Brings four pyramid levels to one stride, adds them and projects the sum twice. The coarsest
/// level gets a sine position encoding first.
class SemanticFpnImpl : public torch::nn::Module {
 public:
  /// stride: 8, or 4 for small pictures
  SemanticFpnImpl(std::int64_t channels, std::int64_t stride);
  SemanticFpnOutput forward(const std::vector<torch::Tensor>& levels);

 private:
  std::int64_t channels_;
  std::vector<std::vector<ConvUnit>> branches_;  ///< of each level, run one after another
  std::vector<int> doublings_;                   ///< of each level's size, after its first units
  ConvUnit conv_pred_{nullptr};
  ConvUnit aux_conv_{nullptr};
};
TORCH_MODULE(SemanticFpn);

}  // namespace tessera
