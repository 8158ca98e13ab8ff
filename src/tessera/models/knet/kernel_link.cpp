#include "tessera/models/knet/kernel_link.h"

#include <torch/torch.h>

namespace tessera {

KernelLink::KernelLink(torch::nn::Module& stage, const std::string& suffix,
                       const KernelLinkOptions& options) {
  const auto norm = [&](const std::string& name) {
    return stage.register_module(name + suffix, ChannelNorm(options.channels));
  };
  if (options.update)
    update_ =
        stage.register_module("attention_previous_update" + suffix,
                              KernelUpdator(KernelUpdatorOptions{
                                  .channels = options.channels, .out_channels = options.channels}));
  attention_ = stage.register_module("attention_previous" + suffix,
                                     ResidualAttention(options.channels, options.attention_heads));
  attention_norm_ = norm("attention_previous_norm");
  ffn_ = stage.register_module("link_ffn" + suffix,
                               ResidualFfn(options.channels, options.feedforward_channels));
  ffn_norm_ = norm("link_ffn_norm");
}

torch::Tensor KernelLink::operator()(const torch::Tensor& kernels, const torch::Tensor& pooled,
                                     const torch::Tensor& previous) {
  const auto seen = update_.is_empty() ? previous : update_kernels(update_, pooled, previous);
  return ffn_norm_(ffn_(attention_norm_(attention_(kernels, seen, seen))));
}

torch::Tensor update_kernels(KernelUpdator& updator, const torch::Tensor& pooled,
                             const torch::Tensor& kernels) {
  return updator(pooled.flatten(0, 1), kernels.flatten(0, 1).unsqueeze(1)).view(kernels.sizes());
}

}  // namespace tessera
