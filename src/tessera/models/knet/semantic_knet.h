#pragma once

#include <torch/nn/module.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tessera/models/knet/iterative_decode_head.h"
#include "tessera/nn/decode_head.h"
#include "tessera/nn/losses.h"
#include "tessera/nn/make_backbone.h"

namespace tessera {

struct SemanticKNetOptions {
  BackboneOptions backbone = {};
  std::int64_t classes = 150;
  DecodeHeadOptions head = {};
  int stages = 3;  ///< of the kernel update; 0: the head alone, which the baselines are
  SemanticKernelUpdateHeadOptions update = {};  ///< its channels are the head's
  DecodeHeadOptions auxiliary = {.channels = 256, .level = 2, .convs = 1, .concat_input = false};
  double auxiliary_weight = 0.4;  ///< of its loss; 0: there is no auxiliary head
};

struct SemanticKNetTrace {
  std::vector<torch::Tensor> maps;
  std::optional<IterativeDecodeOutput> stages;  ///< of models with a kernel update
};

/// K-Net for semantic segmentation, and the plain networks that it is compared with: a backbone, a
/// decode head with or without kernel update, and an auxiliary head that only training looks at.
class SemanticKNetImpl : public torch::nn::Module {
 public:
  explicit SemanticKNetImpl(const SemanticKNetOptions& options);

  /// images: [B, 3, H, W] of any size, normalised -> logits [B, N, h, w] at the head's resolution.
  /// `trace` takes what happened on the way.
  torch::Tensor forward(const torch::Tensor& images, SemanticKNetTrace* trace = nullptr);

  /// labels: [B, H, W] int64, 255 where nothing is known. Losses and accuracies (in percent) of
  /// every stage, under mmseg's names; pixels without a label count in the means.
  LossTerms losses(const torch::Tensor& images, const torch::Tensor& labels);

  /// The auxiliary head's logits; maps: the backbone's.
  torch::Tensor auxiliary_logits(const std::vector<torch::Tensor>& maps);

  const SemanticKNetOptions& options() const { return options_; }

 private:
  /// The logits of every stage that is trained.
  std::vector<torch::Tensor> decode(const std::vector<torch::Tensor>& maps,
                                    std::optional<IterativeDecodeOutput>* trace);

  SemanticKNetOptions options_;
  std::shared_ptr<BackboneImpl> backbone_;
  IterativeDecodeHead iterative_head_{nullptr};
  std::shared_ptr<DecodeHeadImpl> plain_head_;
  std::shared_ptr<DecodeHeadImpl> auxiliary_head_;
};
TORCH_MODULE(SemanticKNet);

}  // namespace tessera
