#include "tessera/models/knet/kernel_update_head.h"

#include <torch/torch.h>

#include <cmath>

#include "tessera/models/knet/kernel_head.h"
#include "tessera/nn/resize.h"

namespace tessera {
namespace {

torch::nn::Linear linear_without_bias(std::int64_t channels) {
  return torch::nn::Linear(torch::nn::LinearOptions(channels, channels).bias(false));
}

}  // namespace

KernelUpdateHeadImpl::KernelUpdateHeadImpl(const KernelUpdateHeadOptions& options)
    : feat_transform_(options.channels, options.channels, ConvUnitOptions{}),
      kernel_update_conv_(KernelUpdatorOptions{.channels = options.channels,
                                               .out_channels = options.channels,
                                               .update = options.update}),
      attention_(options.channels, options.attention_heads),
      attention_norm_(options.channels),
      ffn_(options.channels, options.feedforward_channels),
      ffn_norm_(options.channels),
      class_linear_(linear_without_bias(options.channels)),
      mask_linear_(linear_without_bias(options.channels)),
      class_norm_(options.channels),
      mask_norm_(options.channels),
      fc_cls_(options.channels, options.classes),
      fc_mask_(options.channels, options.channels) {
  register_module("attention", attention_);
  register_module("attention_norm", attention_norm_);
  register_module("kernel_update_conv", kernel_update_conv_);
  register_module("feat_transform", feat_transform_);
  register_module("ffn", ffn_);
  register_module("ffn_norm", ffn_norm_);
  const auto class_layers = register_module("cls_fcs", torch::nn::ModuleList());
  class_layers->push_back(class_linear_);
  class_layers->push_back(class_norm_);
  register_module("fc_cls", fc_cls_);
  const auto mask_layers = register_module("mask_fcs", torch::nn::ModuleList());
  mask_layers->push_back(mask_linear_);
  mask_layers->push_back(mask_norm_);
  register_module("fc_mask", fc_mask_);
  const auto link = [&](const std::string& suffix, bool update) {
    return KernelLink(*this, suffix,
                      {.channels = options.channels,
                       .attention_heads = options.attention_heads,
                       .feedforward_channels = options.feedforward_channels,
                       .update = update});
  };
  if (options.track_link == TrackLink::kAttention) track_link_ = link("", false);
  if (options.track_link == TrackLink::kUpdate) track_link_ = link("_track", true);
  if (options.fusion != KernelFusion::kNone)
    fusion_ = link("_link", options.fusion == KernelFusion::kUpdate);
  for (auto& parameter : parameters())
    if (parameter.dim() > 1) torch::nn::init::xavier_uniform_(parameter);
  torch::nn::init::constant_(fc_cls_->bias, -std::log(99.0));  // a prior of 1 %
}

KernelUpdateOutput KernelUpdateHeadImpl::forward(const torch::Tensor& features,
                                                 const torch::Tensor& kernels,
                                                 const torch::Tensor& mask_logits,
                                                 const torch::Tensor& previous) {
  KernelUpdateOutput out;
  out.features = feat_transform_(features);
  out.pooled =
      pool_under_masks(resize_bilinear(mask_logits, features.sizes().slice(2)), out.features);
  const auto fused =
      previous.defined() && fusion_ ? fusion_(kernels, out.pooled, previous) : kernels;
  out.updated = update_kernels(kernel_update_conv_, out.pooled, fused);
  out.attended = attention_norm_(attention_(out.updated, out.updated, out.updated));
  out.kernels = ffn_norm_(ffn_(out.attended));
  out.track_kernels = previous.defined() && track_link_
                          ? track_link_(out.kernels, out.pooled, previous)
                          : out.kernels;
  out.class_logits = fc_cls_(class_norm_(class_linear_(out.kernels)).relu());
  out.mask_kernels = fc_mask_(mask_norm_(mask_linear_(out.kernels)).relu());
  out.mask_logits =
      out.mask_kernels.matmul(out.features.flatten(2))
          .view({kernels.size(0), kernels.size(1), features.size(2), features.size(3)});
  return out;
}

}  // namespace tessera
