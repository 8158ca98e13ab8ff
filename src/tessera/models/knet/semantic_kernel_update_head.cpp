#include "tessera/models/knet/semantic_kernel_update_head.h"

#include <torch/torch.h>

#include "tessera/core/error.h"
#include "tessera/nn/initialise.h"
#include "tessera/nn/resize.h"

namespace tessera {
namespace {

/// Each row is updated in pieces that share the updator's weights and do not see each other.
torch::Tensor update_in_pieces(KernelUpdator& updator, const torch::Tensor& pooled,
                               const torch::Tensor& kernels, std::int64_t piece) {
  return updator(pooled.reshape({-1, piece}), kernels.reshape({-1, 1, piece}))
      .view(kernels.sizes());
}

}  // namespace

SemanticKernelUpdateHeadImpl::SemanticKernelUpdateHeadImpl(
    const SemanticKernelUpdateHeadOptions& options)
    : updator_channels_(options.updator_channels),
      attention_(options.channels, options.attention_heads),
      attention_norm_(options.channels),
      kernel_update_conv_(KernelUpdatorOptions{.channels = options.updator_channels,
                                               .out_channels = options.updator_channels}),
      feat_transform_(options.channels, options.channels, ConvUnitOptions{}),
      ffn_(options.channels, options.feedforward_channels),
      ffn_norm_(options.channels),
      mask_linear_(torch::nn::LinearOptions(options.channels, options.channels).bias(false)),
      mask_norm_(options.channels),
      fc_mask_(options.channels, options.channels) {
  if (options.channels % options.updator_channels != 0)
    fail("kernels of {} channels cannot be updated in pieces of {}; set model.updator_channels",
         options.channels, options.updator_channels);
  register_module("attention", attention_);
  register_module("attention_norm", attention_norm_);
  register_module("kernel_update_conv", kernel_update_conv_);
  register_module("feat_transform", feat_transform_);
  register_module("ffn", ffn_);
  register_module("ffn_norm", ffn_norm_);
  const auto mask_layers = register_module("mask_fcs", torch::nn::ModuleList());
  mask_layers->push_back(mask_linear_);
  mask_layers->push_back(mask_norm_);
  register_module("fc_mask", fc_mask_);
  // Upstream defines Xavier weights for the linear layers and never sets them.
  initialise_convolutions(*this);
}

SemanticStageOutput SemanticKernelUpdateHeadImpl::forward(const torch::Tensor& features,
                                                          const torch::Tensor& kernels,
                                                          const torch::Tensor& logits) {
  SemanticStageOutput out;
  out.features = feat_transform_(features);
  const auto pixels = out.features.flatten(2);  // [B, C, h * w]
  const auto belongs = resize_bilinear(logits, features.sizes().slice(2)).softmax(1).flatten(2);
  const auto pooled = belongs.to(pixels.dtype()).matmul(pixels.transpose(1, 2));  // [B, N, C]
  out.updated = update_in_pieces(kernel_update_conv_, pooled, kernels, updator_channels_);
  out.kernels = ffn_norm_(ffn_(attention_norm_(attention_(out.updated, out.updated, out.updated))));
  out.logits = fc_mask_(mask_norm_(mask_linear_(out.kernels)).relu())
                   .matmul(pixels)
                   .view({kernels.size(0), kernels.size(1), features.size(2), features.size(3)});
  return out;
}

}  // namespace tessera
