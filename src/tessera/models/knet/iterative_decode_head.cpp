#include "tessera/models/knet/iterative_decode_head.h"

#include <torch/torch.h>

namespace tessera {

IterativeDecodeHeadImpl::IterativeDecodeHeadImpl(const DecodeHeadOptions& generate,
                                                 const SemanticKernelUpdateHeadOptions& update,
                                                 int stages,
                                                 const std::vector<std::int64_t>& in_channels) {
  kernel_generate_head_ =
      register_module("kernel_generate_head", make_decode_head(generate, in_channels));
  const auto list = register_module("kernel_update_head", torch::nn::ModuleList());
  for (int stage = 0; stage < stages; ++stage) {
    kernel_update_heads_.emplace_back(update);
    list->push_back(kernel_update_heads_.back());
  }
}

IterativeDecodeOutput IterativeDecodeHeadImpl::forward(const std::vector<torch::Tensor>& maps) {
  IterativeDecodeOutput out;
  out.features = kernel_generate_head_->features(maps);
  out.logits = kernel_generate_head_->classify(out.features);
  // The classifier's rows themselves: the stages' losses train them too.
  out.kernels = kernel_generate_head_->conv_seg->weight.flatten(1).unsqueeze(0).expand(
      {out.features.size(0), -1, -1});
  torch::Tensor kernels = out.kernels, logits = out.logits;
  for (auto& head : kernel_update_heads_) {
    out.stages.push_back(head(out.features, kernels, logits));
    kernels = out.stages.back().kernels;
    logits = out.stages.back().logits;
  }
  return out;
}

}  // namespace tessera
