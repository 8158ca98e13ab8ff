#include "tessera/nn/aspp_head.h"

#include <torch/torch.h>

#include "tessera/nn/conv_norm_relu.h"
#include "tessera/nn/pyramid_pooling.h"
#include "tessera/nn/resize.h"

namespace tessera {

AsppHeadImpl::AsppHeadImpl(const DecodeHeadOptions& options, std::int64_t in_channels)
    : DecodeHeadImpl(options), level_(static_cast<std::size_t>(options.level)) {
  const auto pool = register_module("image_pool", std::make_shared<torch::nn::Module>());
  // Upstream, 0 is the pooling.
  image_pool_ = pool->register_module("1", conv_norm_relu(in_channels, options.channels, 1));
  const auto list = register_module("aspp_modules", torch::nn::ModuleList());
  for (const std::int64_t dilation : options.dilations) {
    branches_.push_back(
        conv_norm_relu(in_channels, options.channels, dilation == 1 ? 1 : 3, dilation));
    list->push_back(branches_.back());
  }
  const auto parts = static_cast<std::int64_t>(branches_.size()) + 1;
  bottleneck_ =
      register_module("bottleneck", conv_norm_relu(parts * options.channels, options.channels, 3));
  initialise();
}

torch::Tensor AsppHeadImpl::features(const std::vector<torch::Tensor>& maps) {
  const torch::Tensor& x = maps[level_];
  std::vector<torch::Tensor> parts = {resize_bilinear(
      convolve_pooled(image_pool_, torch::adaptive_avg_pool2d(x, {1, 1})), x.sizes().slice(2))};
  for (auto& branch : branches_) parts.push_back(branch(x));
  return bottleneck_(torch::cat(parts, 1));
}

}  // namespace tessera
