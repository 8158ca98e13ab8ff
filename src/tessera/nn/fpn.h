#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/container/modulelist.h>

#include <cstdint>
#include <vector>

namespace tessera {

/// Feature pyramid: a 1x1 convolution a level, the coarser level added by nearest neighbour, a 3x3
/// convolution on the sum. As many levels come out as go in.
class FpnImpl : public torch::nn::Module {
 public:
  FpnImpl(const std::vector<std::int64_t>& in_channels, std::int64_t out_channels);
  /// Levels from fine to coarse.
  std::vector<torch::Tensor> forward(const std::vector<torch::Tensor>& levels);

 private:
  torch::nn::ModuleList lateral_convs_;
  torch::nn::ModuleList fpn_convs_;
};
TORCH_MODULE(Fpn);

}  // namespace tessera
