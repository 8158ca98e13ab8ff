#include "tessera/nn/pyramid_pooling.h"

#include <torch/torch.h>

#include "tessera/core/error.h"
#include "tessera/nn/conv_norm_relu.h"
#include "tessera/nn/resize.h"

namespace tessera {

PyramidPooling::PyramidPooling(torch::nn::Module& parent, const std::vector<std::int64_t>& scales,
                               std::int64_t in_channels, std::int64_t channels)
    : scales_(scales),
      out_channels_(in_channels + channels * static_cast<std::int64_t>(scales.size())) {
  const auto list = parent.register_module("psp_modules", torch::nn::ModuleList());
  for (std::size_t i = 0; i < scales.size(); ++i) {
    const auto scale = std::make_shared<torch::nn::Module>();
    // Upstream, 0 is the pooling.
    convs_.push_back(scale->register_module("1", conv_norm_relu(in_channels, channels, 1)));
    list->push_back(scale);
  }
}

torch::Tensor PyramidPooling::operator()(const torch::Tensor& x) {
  std::vector<torch::Tensor> parts = {x};
  for (std::size_t i = 0; i < scales_.size(); ++i)
    parts.push_back(resize_bilinear(
        convolve_pooled(convs_[i], torch::adaptive_avg_pool2d(x, {scales_[i], scales_[i]})),
        x.sizes().slice(2)));
  return torch::cat(parts, 1);
}

torch::Tensor convolve_pooled(ConvUnit& conv, const torch::Tensor& pooled) {
  if (conv->is_training() && pooled.size(0) * pooled.size(2) * pooled.size(3) == 1)
    fail(
        "this model averages whole pictures, and its batch norm learns from two at least; set "
        "data.loader.batch_size to 2 or more");
  return conv(pooled);
}

}  // namespace tessera
