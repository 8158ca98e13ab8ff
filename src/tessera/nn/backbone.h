#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <cstdint>
#include <vector>

namespace tessera {

/// What turns an image into features at strides 4, 8, 16 and 32 (C2..C5; dilated nets keep a finer
/// stride).
class BackboneImpl : public torch::nn::Module {
 public:
  virtual std::vector<torch::Tensor> forward(const torch::Tensor& image) = 0;
  /// Channels of C2..C5.
  virtual std::vector<std::int64_t> out_channels() const = 0;
};

}  // namespace tessera
