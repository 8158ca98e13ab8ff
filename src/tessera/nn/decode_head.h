#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/conv.h>
#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "tessera/core/config.h"

namespace tessera {

struct DecodeHeadOptions {
  enum class Type { kFcn, kPsp, kAspp, kUper };
  Type type = Type::kFcn;
  std::int64_t channels = 512;  ///< C, of what is classified
  std::int64_t classes = 150;   ///< N
  double dropout = 0.1;         ///< of whole channels before the classifier, in training
  int level = 3;                ///< the backbone's map that is looked at; kUper looks at all four
  int convs = 2;                ///< kFcn: 3x3 convolutions
  bool concat_input = true;     ///< kFcn: and one more, over their result and what came in
  std::vector<std::int64_t> pool_scales = {1, 2, 3, 6};   ///< kPsp, kUper
  std::vector<std::int64_t> dilations = {1, 12, 24, 36};  ///< kAspp
};
void read_fields(ConfigReader& reader, DecodeHeadOptions& options);

/// What gives each pixel of a backbone's maps its class: a head computes features and classifies
/// them with a 1x1 convolution. Parameters are named as in mmseg.
class DecodeHeadImpl : public torch::nn::Module {
 public:
  explicit DecodeHeadImpl(const DecodeHeadOptions& options);

  /// maps: the backbone's four -> [B, C, h, w]
  virtual torch::Tensor features(const std::vector<torch::Tensor>& maps) = 0;
  /// features: [B, C, h, w] -> logits [B, N, h, w]
  torch::Tensor classify(const torch::Tensor& features);
  torch::Tensor forward(const std::vector<torch::Tensor>& maps) { return classify(features(maps)); }

  torch::nn::Conv2d conv_seg{nullptr};

 protected:
  /// mmseg's initialisation of every convolution; to call when all are registered.
  void initialise();

 private:
  double dropout_;
};

/// in_channels: of the backbone's four maps.
std::shared_ptr<DecodeHeadImpl> make_decode_head(const DecodeHeadOptions& options,
                                                 const std::vector<std::int64_t>& in_channels);

}  // namespace tessera
