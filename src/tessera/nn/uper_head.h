#pragma once

#include <vector>

#include "tessera/nn/decode_head.h"
#include "tessera/nn/pyramid_pooling.h"

namespace tessera {

/// UPerNet's head: a feature pyramid over all four maps, with pyramid pooling at its top (mmseg's
/// UPerHead).
class UperHeadImpl : public DecodeHeadImpl {
 public:
  UperHeadImpl(const DecodeHeadOptions& options, const std::vector<std::int64_t>& in_channels);
  torch::Tensor features(const std::vector<torch::Tensor>& maps) override;

 private:
  PyramidPooling pooling_;
  ConvUnit bottleneck_{nullptr};
  std::vector<ConvUnit> lateral_convs_, fpn_convs_;  ///< of all maps but the top one
  ConvUnit fpn_bottleneck_{nullptr};
};

}  // namespace tessera
