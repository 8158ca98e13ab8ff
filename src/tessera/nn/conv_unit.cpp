#include "tessera/nn/conv_unit.h"

#include <torch/torch.h>

namespace tessera {
namespace {

torch::Tensor activate(torch::Tensor x, Activation activation) {
  return activation == Activation::kRelu ? x.relu_() : x;
}

}  // namespace

ConvNorm::ConvNorm(torch::nn::Module& parent, const std::string& conv_name,
                   const std::string& norm_name, const torch::nn::Conv2dOptions& options)
    : conv_(options), norm_(options.out_channels()) {
  parent.register_module(conv_name, conv_);
  parent.register_module(norm_name, norm_);
}

torch::Tensor ConvNorm::operator()(const torch::Tensor& x, Activation activation) const {
  const auto y = convolve(conv_, x);
  return activate(norm_.is_empty() ? y : norm_(y), activation);
}

void ConvNorm::fold_norm() {
  if (norm_.is_empty()) return;
  tessera::fold_norm(conv_, norm_);
  norm_ = nullptr;
}

void ConvNorm::pack_weight() { tessera::pack_weight(conv_); }

ConvUnitImpl::ConvUnitImpl(std::int64_t in_channels, std::int64_t out_channels,
                           const ConvUnitOptions& options)
    : activation_(options.activation) {
  conv = register_module(
      "conv", torch::nn::Conv2d(torch::nn::Conv2dOptions(in_channels, out_channels, options.kernel)
                                    .stride(options.stride)
                                    .padding(options.padding)
                                    .dilation(options.dilation)
                                    .bias(options.norm == Norm::kNone)));
  if (options.norm == Norm::kBatch) bn = register_module("bn", BatchNorm(out_channels));
  if (options.norm == Norm::kGroup32)
    gn = register_module("gn", torch::nn::GroupNorm(torch::nn::GroupNormOptions(32, out_channels)));
}

torch::Tensor ConvUnitImpl::forward(const torch::Tensor& x) {
  torch::Tensor y = convolve(conv, x);
  if (bn) y = bn(y);
  // In mixed precision the convolution's result is narrower; CPUs normalise groups in one type.
  if (gn) y = gn(y.to(gn->weight.scalar_type()));
  return activate(std::move(y), activation_);
}

void ConvUnitImpl::fold_norms() {
  if (!bn) return;
  fold_norm(conv, bn);
  bn = nullptr;
}

void ConvUnitImpl::pack_weights() { pack_weight(conv); }

}  // namespace tessera
