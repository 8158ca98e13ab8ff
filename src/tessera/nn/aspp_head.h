#pragma once

#include <vector>

#include "tessera/nn/conv_unit.h"
#include "tessera/nn/decode_head.h"

namespace tessera {

/// DeepLabv3's head: convolutions of several dilations side by side, and the picture's average
/// (mmseg's ASPPHead).
class AsppHeadImpl : public DecodeHeadImpl {
 public:
  AsppHeadImpl(const DecodeHeadOptions& options, std::int64_t in_channels);
  torch::Tensor features(const std::vector<torch::Tensor>& maps) override;

 private:
  std::size_t level_;
  ConvUnit image_pool_{nullptr};
  std::vector<ConvUnit> branches_;
  ConvUnit bottleneck_{nullptr};
};

}  // namespace tessera
