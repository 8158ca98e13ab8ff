#include "tessera/models/knet/semantic_fpn.h"

#include <torch/torch.h>

#include <string>

#include "tessera/nn/position_encoding.h"
#include "tessera/nn/resize.h"

namespace tessera {
namespace {

ConvUnit make_unit(std::int64_t channels, std::int64_t kernel, std::int64_t stride = 1) {
  ConvUnit unit(channels, channels,
                ConvUnitOptions{.kernel = kernel,
                                .stride = stride,
                                .padding = kernel / 2,
                                .norm = Norm::kGroup32,
                                .activation = Activation::kRelu});
  torch::nn::init::normal_(unit->conv->weight, 0, 0.01);
  return unit;
}

}  // namespace

SemanticFpnImpl::SemanticFpnImpl(std::int64_t channels) : channels_(channels) {
  // Convolutions a level: stride 4 is halved, stride 8 kept, 16 and 32 doubled between
  // convolutions.
  constexpr int kConvolutions[] = {1, 1, 2, 3};
  const auto levels = register_module("convs_all_levels", torch::nn::ModuleList());
  for (int level = 0; level < 4; ++level) {
    const auto branch = std::make_shared<torch::nn::Module>();
    branches_.emplace_back();
    for (int i = 0; i < kConvolutions[level]; ++i) {
      branches_.back().push_back(make_unit(channels, 3, level == 0 ? 2 : 1));
      branch->register_module("conv" + std::to_string(i), branches_.back().back());
    }
    levels->push_back(branch);
  }
  conv_pred_ = register_module("conv_pred", make_unit(channels, 1));
  aux_conv_ = make_unit(channels, 1);
  register_module("aux_convs", torch::nn::ModuleList())->push_back(aux_conv_);
}

SemanticFpnOutput SemanticFpnImpl::forward(const std::vector<torch::Tensor>& levels) {
  torch::Tensor sum;
  for (std::size_t level = 0; level < levels.size(); ++level) {
    torch::Tensor x = levels[level];
    if (level + 1 == levels.size())
      x = x + sine_position_encoding(x.size(2), x.size(3), channels_ / 2).to(x.options());
    auto& branch = branches_[level];
    for (std::size_t i = 0; i < branch.size(); ++i) {
      x = branch[i](x);
      const std::size_t doublings = level < 2 ? 0 : level - 1;
      if (i < doublings) x = upsample_bilinear(x, 2);
    }
    sum = sum.defined() ? sum + x : x;
  }
  return {conv_pred_(sum), aux_conv_(sum)};
}

}  // namespace tessera
