#pragma once

#include <torch/types.h>

namespace tessera {

struct MaskMatcherOptions {
  double class_weight = 2;
  double mask_weight = 1;
  double dice_weight = 4;
  double dice_epsilon = 1e-3;
  int rounds = 1;  ///< how often each object may be matched; the references' topk
};

/// The costs of matching, already weighted: [N, M] each; `classes` is undefined without logits.
struct MatchCosts {
  torch::Tensor classes;
  torch::Tensor mask;
  torch::Tensor dice;
  torch::Tensor total() const;
};

/// Which object each of N proposals stands for.
struct Assignment {
  torch::Tensor objects;    ///< [N] int64: index of the object, -1 for background
  torch::Tensor labels;     ///< [N] int64: class of the object, -1 for background
  torch::Tensor positives;  ///< [P] int64: the proposals with an object, ascending
};

/// mask_logits: [N, h, w]; class_logits: [N, C] or undefined; masks: [M, h, w] soft; labels: [M].
MatchCosts match_costs(const torch::Tensor& mask_logits, const torch::Tensor& class_logits,
                       const torch::Tensor& masks, const torch::Tensor& labels,
                       const MaskMatcherOptions& options = {});

/// The one-to-one assignment of least total cost (K-Net's MaskHungarianAssigner). No gradient
/// flows.
Assignment match_masks(const torch::Tensor& mask_logits, const torch::Tensor& class_logits,
                       const torch::Tensor& masks, const torch::Tensor& labels,
                       const MaskMatcherOptions& options = {});

}  // namespace tessera
