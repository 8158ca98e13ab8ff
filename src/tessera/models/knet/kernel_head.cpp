#include "tessera/models/knet/kernel_head.h"

#include <torch/torch.h>

#include <cmath>

namespace tessera {
namespace {

ConvUnit projection(std::int64_t channels) {
  ConvUnit unit(channels, channels,
                ConvUnitOptions{.norm = Norm::kGroup32, .activation = Activation::kRelu});
  torch::nn::init::normal_(unit->conv->weight, 0, 0.01);
  return unit;
}

}  // namespace

torch::Tensor pool_under_masks(const torch::Tensor& mask_logits, const torch::Tensor& features) {
  const auto under = (mask_logits.detach().sigmoid() > 0.5).to(features.dtype()).flatten(2);
  return under.matmul(features.flatten(2).transpose(1, 2));
}

KernelHeadImpl::KernelHeadImpl(const KernelHeadOptions& options)
    : options_(options),
      localization_fpn_(options.channels, options.stride),
      loc_conv_(projection(options.channels)),
      seg_conv_(projection(options.channels)) {
  register_module("localization_fpn", localization_fpn_);
  register_module("loc_convs", torch::nn::ModuleList())->push_back(loc_conv_);
  register_module("seg_convs", torch::nn::ModuleList())->push_back(seg_conv_);
  conv_seg_ = register_module(
      "conv_seg", torch::nn::Conv2d(torch::nn::Conv2dOptions(
                      options.channels, options.thing_classes + options.stuff_classes, 1)));
  init_kernels_ = register_module(
      "init_kernels",
      torch::nn::Conv2d(
          torch::nn::Conv2dOptions(options.channels, options.proposals, 1).bias(false)));
  torch::nn::init::normal_(conv_seg_->weight, 0, 0.01);
  torch::nn::init::constant_(conv_seg_->bias, -std::log(99.0));  // a prior of 1 %
  torch::nn::init::normal_(init_kernels_->weight, 0, 1);
}

KernelHeadOutput KernelHeadImpl::forward(const std::vector<torch::Tensor>& levels) {
  KernelHeadOutput out;
  out.pyramid = localization_fpn_(levels);
  out.localization = loc_conv_(out.pyramid.localization);
  out.semantic = seg_conv_(out.pyramid.semantic);
  out.mask_logits = init_kernels_(out.localization);
  out.class_logits = conv_seg_(out.semantic);
  out.features = out.semantic + out.localization;
  const auto learned = init_kernels_->weight.flatten(1);  // [N, C]
  out.kernels = learned + pool_under_masks(out.mask_logits, out.features);
  return out;
}

void KernelHeadImpl::append_stuff(KernelHeadOutput& output) const {
  if (options_.stuff_classes == 0) return;
  const std::int64_t things = options_.thing_classes;
  const auto rows = conv_seg_->weight.slice(0, things).flatten(1).unsqueeze(0);  // [1, S, C]
  output.kernels = torch::cat({output.kernels, rows.expand({output.kernels.size(0), -1, -1})}, 1);
  output.mask_logits = torch::cat({output.mask_logits, output.class_logits.slice(1, things)}, 1);
}

}  // namespace tessera
