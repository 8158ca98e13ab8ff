#pragma once

#include <vector>

#include "tessera/nn/conv_unit.h"
#include "tessera/nn/decode_head.h"

namespace tessera {

/// Fully convolutional: 3x3 convolutions on one map (mmseg's FCNHead).
class FcnHeadImpl : public DecodeHeadImpl {
 public:
  FcnHeadImpl(const DecodeHeadOptions& options, std::int64_t in_channels);
  torch::Tensor features(const std::vector<torch::Tensor>& maps) override;

 private:
  std::size_t level_;
  std::vector<ConvUnit> convs_;
  ConvUnit conv_cat_{nullptr};
};

}  // namespace tessera
