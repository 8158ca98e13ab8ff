#include "tessera/nn/fpn.h"

#include <torch/torch.h>

#include "tessera/nn/conv_unit.h"
#include "tessera/nn/resize.h"

namespace tessera {

FpnImpl::FpnImpl(const std::vector<std::int64_t>& in_channels, std::int64_t out_channels) {
  register_module("lateral_convs", lateral_convs_);
  register_module("fpn_convs", fpn_convs_);
  for (const std::int64_t channels : in_channels) {
    lateral_convs_->push_back(ConvUnit(channels, out_channels, ConvUnitOptions{}));
    fpn_convs_->push_back(
        ConvUnit(out_channels, out_channels, ConvUnitOptions{.kernel = 3, .padding = 1}));
  }
  for (const auto& list : {lateral_convs_, fpn_convs_})
    for (const auto& unit : *list) {
      auto& conv = unit->as<ConvUnitImpl>()->conv;
      torch::nn::init::xavier_uniform_(conv->weight);
      torch::nn::init::zeros_(conv->bias);
    }
}

std::vector<torch::Tensor> FpnImpl::forward(const std::vector<torch::Tensor>& levels) {
  std::vector<torch::Tensor> result(levels.size());
  for (std::size_t i = levels.size(); i-- > 0;) {
    result[i] = lateral_convs_[i]->as<ConvUnitImpl>()->forward(levels[i]);
    if (i + 1 < levels.size())
      result[i].add_(resize_nearest(result[i + 1], result[i].sizes().slice(2)));
  }
  for (std::size_t i = 0; i < levels.size(); ++i)
    result[i] = fpn_convs_[i]->as<ConvUnitImpl>()->forward(result[i]);
  return result;
}

}  // namespace tessera
