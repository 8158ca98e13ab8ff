#pragma once

#include <torch/nn/module.h>

#include <cstdint>
#include <string>
#include <vector>

#include "tessera/nn/conv_unit.h"

namespace tessera {

/// A map beside its averages over ever smaller windows (PSPNet). Not a module: the parent has its
/// parts under `psp_modules`.
class PyramidPooling {
 public:
  PyramidPooling(torch::nn::Module& parent, const std::vector<std::int64_t>& scales,
                 std::int64_t in_channels, std::int64_t channels);

  /// [B, in, h, w] -> [B, out_channels(), h, w], the map itself first
  torch::Tensor operator()(const torch::Tensor& x);
  std::int64_t out_channels() const { return out_channels_; }

 private:
  std::vector<std::int64_t> scales_;
  std::vector<ConvUnit> convs_;
  std::int64_t out_channels_;
};

/// Convolves what was averaged to one pixel a picture; in training an Error when its batch norm has
/// one value a channel only.
torch::Tensor convolve_pooled(ConvUnit& conv, const torch::Tensor& pooled);

}  // namespace tessera
