#pragma once

#include <vector>

#include "tessera/nn/decode_head.h"
#include "tessera/nn/pyramid_pooling.h"

namespace tessera {

/// PSPNet's head: a convolution over pyramid pooling (mmseg's PSPHead).
class PspHeadImpl : public DecodeHeadImpl {
 public:
  PspHeadImpl(const DecodeHeadOptions& options, std::int64_t in_channels);
  torch::Tensor features(const std::vector<torch::Tensor>& maps) override;

 private:
  std::size_t level_;
  PyramidPooling pooling_;
  ConvUnit bottleneck_{nullptr};
};

}  // namespace tessera
