#include "tessera/nn/decode_head.h"

#include <torch/torch.h>

#include "tessera/core/error.h"
#include "tessera/nn/aspp_head.h"
#include "tessera/nn/fcn_head.h"
#include "tessera/nn/initialise.h"
#include "tessera/nn/psp_head.h"
#include "tessera/nn/uper_head.h"

namespace tessera {

void read_fields(ConfigReader& reader, DecodeHeadOptions& options) {
  using Type = DecodeHeadOptions::Type;
  reader.read(
      "type", options.type,
      {{"fcn", Type::kFcn}, {"psp", Type::kPsp}, {"aspp", Type::kAspp}, {"uper", Type::kUper}});
  reader.read("channels", options.channels, {.low = 1});
  reader.read("dropout", options.dropout, {.low = 0, .high = 0.99});
  if (options.type != Type::kUper) reader.read("level", options.level, {.low = 0, .high = 3});
  if (options.type == Type::kFcn) {
    reader.read("convs", options.convs, {.low = 1});
    reader.read("concat_input", options.concat_input);
  }
  if (options.type == Type::kPsp || options.type == Type::kUper)
    reader.read("pool_scales", options.pool_scales);
  if (options.type == Type::kAspp) reader.read("dilations", options.dilations);
}

DecodeHeadImpl::DecodeHeadImpl(const DecodeHeadOptions& options) : dropout_(options.dropout) {
  conv_seg = register_module("conv_seg", torch::nn::Conv2d(torch::nn::Conv2dOptions(
                                             options.channels, options.classes, 1)));
}

torch::Tensor DecodeHeadImpl::classify(const torch::Tensor& features) {
  return conv_seg(torch::feature_dropout(features, dropout_, is_training()));
}

void DecodeHeadImpl::initialise() {
  initialise_convolutions(*this);
  torch::nn::init::normal_(conv_seg->weight, 0, 0.01);
}

std::shared_ptr<DecodeHeadImpl> make_decode_head(const DecodeHeadOptions& options,
                                                 const std::vector<std::int64_t>& in_channels) {
  const std::int64_t seen = in_channels.at(static_cast<std::size_t>(options.level));
  switch (options.type) {
    case DecodeHeadOptions::Type::kFcn:
      return std::make_shared<FcnHeadImpl>(options, seen);
    case DecodeHeadOptions::Type::kPsp:
      return std::make_shared<PspHeadImpl>(options, seen);
    case DecodeHeadOptions::Type::kAspp:
      return std::make_shared<AsppHeadImpl>(options, seen);
    case DecodeHeadOptions::Type::kUper:
      return std::make_shared<UperHeadImpl>(options, in_channels);
  }
  fail("unknown decode head");
}

}  // namespace tessera
