#include "tessera/nn/uper_head.h"

#include <torch/torch.h>

#include "tessera/nn/conv_norm_relu.h"
#include "tessera/nn/resize.h"

namespace tessera {

UperHeadImpl::UperHeadImpl(const DecodeHeadOptions& options,
                           const std::vector<std::int64_t>& in_channels)
    : DecodeHeadImpl(options),
      pooling_(*this, options.pool_scales, in_channels.back(), options.channels) {
  const std::int64_t channels = options.channels;
  bottleneck_ = register_module("bottleneck", conv_norm_relu(pooling_.out_channels(), channels, 3));
  const auto laterals = register_module("lateral_convs", torch::nn::ModuleList());
  const auto outputs = register_module("fpn_convs", torch::nn::ModuleList());
  for (std::size_t i = 0; i + 1 < in_channels.size(); ++i) {
    lateral_convs_.push_back(conv_norm_relu(in_channels[i], channels, 1));
    fpn_convs_.push_back(conv_norm_relu(channels, channels, 3));
    laterals->push_back(lateral_convs_.back());
    outputs->push_back(fpn_convs_.back());
  }
  const auto levels = static_cast<std::int64_t>(in_channels.size());
  fpn_bottleneck_ =
      register_module("fpn_bottleneck", conv_norm_relu(levels * channels, channels, 3));
  initialise();
}

torch::Tensor UperHeadImpl::features(const std::vector<torch::Tensor>& maps) {
  std::vector<torch::Tensor> levels(maps.size());
  levels.back() = bottleneck_(pooling_(maps.back()));
  for (std::size_t i = lateral_convs_.size(); i-- > 0;) {
    const auto lateral = lateral_convs_[i](maps[i]);
    levels[i] = lateral + resize_bilinear(levels[i + 1], lateral.sizes().slice(2));
  }
  // A level's own convolution comes after the ones below have taken it.
  for (std::size_t i = 0; i < fpn_convs_.size(); ++i) levels[i] = fpn_convs_[i](levels[i]);
  for (std::size_t i = 1; i < levels.size(); ++i)
    levels[i] = resize_bilinear(levels[i], levels[0].sizes().slice(2));
  return fpn_bottleneck_(torch::cat(levels, 1));
}

}  // namespace tessera
