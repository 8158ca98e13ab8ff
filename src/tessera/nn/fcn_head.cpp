#include "tessera/nn/fcn_head.h"

#include <torch/torch.h>

#include "tessera/nn/conv_norm_relu.h"

namespace tessera {

FcnHeadImpl::FcnHeadImpl(const DecodeHeadOptions& options, std::int64_t in_channels)
    : DecodeHeadImpl(options), level_(static_cast<std::size_t>(options.level)) {
  const auto list = register_module("convs", torch::nn::ModuleList());
  for (int i = 0; i < options.convs; ++i) {
    convs_.push_back(conv_norm_relu(i == 0 ? in_channels : options.channels, options.channels, 3));
    list->push_back(convs_.back());
  }
  if (options.concat_input)
    conv_cat_ = register_module(
        "conv_cat", conv_norm_relu(in_channels + options.channels, options.channels, 3));
  initialise();
}

torch::Tensor FcnHeadImpl::features(const std::vector<torch::Tensor>& maps) {
  torch::Tensor x = maps[level_];
  for (auto& conv : convs_) x = conv(x);
  return conv_cat_.is_empty() ? x : conv_cat_(torch::cat({maps[level_], x}, 1));
}

}  // namespace tessera
