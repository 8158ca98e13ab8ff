#include "tessera/models/knet/semantic_fpn.h"

#include <torch/torch.h>

#include <string>

#include "tessera/core/error.h"
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

SemanticFpnImpl::SemanticFpnImpl(std::int64_t channels, std::int64_t stride) : channels_(channels) {
  if (stride != 4 && stride != 8) fail("the kernel head's stride is {}; expected 4 or 8", stride);
  const auto levels = register_module("convs_all_levels", torch::nn::ModuleList());
  for (int level = 0; level < 4; ++level) {
    const std::int64_t level_stride = 4LL << level;
    doublings_.push_back(0);
    while (level_stride >> doublings_.back() > stride) ++doublings_.back();
    const auto branch = std::make_shared<torch::nn::Module>();
    branches_.emplace_back();
    // A convolution before every doubling, and one at the end.
    for (int i = 0; i < 1 + doublings_.back(); ++i) {
      branches_.back().push_back(make_unit(channels, 3, level_stride < stride ? 2 : 1));
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
      if (static_cast<int>(i) < doublings_[level]) x = upsample_bilinear(x, 2);
    }
    sum = sum.defined() ? sum + x : x;
  }
  return {conv_pred_(sum), aux_conv_(sum)};
}

}  // namespace tessera
