#pragma once

#include <torch/types.h>

#include <string>
#include <utility>
#include <vector>

namespace tessera {

/// Scalars by name, in the order in which the references report them. Names that contain "loss" add
/// up to what is minimised; the others are only shown.
using LossTerms = std::vector<std::pair<std::string, torch::Tensor>>;

/// The sum of the terms whose name contains "loss".
torch::Tensor total_loss(const LossTerms& terms);

/// Sigmoid focal loss of one label a row: sum(weights * loss) / (average_factor + float's epsilon).
/// logits: [R, C]; labels: [R], C means background; weights: [R, C] or undefined.
torch::Tensor sigmoid_focal_loss(const torch::Tensor& logits, const torch::Tensor& labels,
                                 const torch::Tensor& weights, const torch::Tensor& average_factor,
                                 double gamma = 2, double alpha = 0.25);

/// 1 - 2 sum(p t) / ((sum p^2 + eps) + (sum t^2 + eps)) of each row, with p = sigmoid(logits);
/// averaged over the rows. logits, targets: [R, ...]
torch::Tensor dice_loss(const torch::Tensor& logits, const torch::Tensor& targets,
                        double epsilon = 1e-3);

/// Mean binary cross entropy with logits, against soft targets.
torch::Tensor mask_loss(const torch::Tensor& logits, const torch::Tensor& targets);

/// Cross entropy over the channels of each pixel, which are classes, or masks of which the right
/// one shall lead; the mean counts the ignored pixels too. logits: [B, N, h, w]; targets: [B, h, w]
/// int64.
torch::Tensor pixel_cross_entropy(const torch::Tensor& logits, const torch::Tensor& targets,
                                  std::int64_t ignored);

/// Share of the rows, in percent, whose largest logit is at the label; 0 without rows.
torch::Tensor top1_accuracy(const torch::Tensor& logits, const torch::Tensor& labels);

}  // namespace tessera
