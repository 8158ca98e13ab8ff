#pragma once

#include <torch/nn/module.h>

#include <cstdint>
#include <vector>

#include "tessera/nn/conv_unit.h"

namespace tessera {

/// Localisation and semantic features of K-Net's kernel head, at stride 8: [B, C, H/8, W/8].
struct SemanticFpnOutput {
  torch::Tensor localization;
  torch::Tensor semantic;
};

/// Brings four pyramid levels to stride 8, adds them and projects the sum twice. The coarsest level
/// gets a sine position encoding first.
class SemanticFpnImpl : public torch::nn::Module {
 public:
  explicit SemanticFpnImpl(std::int64_t channels);
  SemanticFpnOutput forward(const std::vector<torch::Tensor>& levels);

 private:
  std::int64_t channels_;
  std::vector<std::vector<ConvUnit>> branches_;  ///< of each level, run one after another
  ConvUnit conv_pred_{nullptr};
  ConvUnit aux_conv_{nullptr};
};
TORCH_MODULE(SemanticFpn);

}  // namespace tessera
