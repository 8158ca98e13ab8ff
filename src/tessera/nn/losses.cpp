#include "tessera/nn/losses.h"

#include <torch/torch.h>

#include <limits>

#include "tessera/core/error.h"

namespace tessera {

torch::Tensor total_loss(const LossTerms& terms) {
  torch::Tensor total;
  for (const auto& [name, value] : terms)
    if (name.find("loss") != std::string::npos) total = total.defined() ? total + value : value;
  if (!total.defined()) fail("none of the {} terms is a loss", terms.size());
  return total;
}

torch::Tensor sigmoid_focal_loss(const torch::Tensor& logits, const torch::Tensor& labels,
                                 const torch::Tensor& weights, const torch::Tensor& average_factor,
                                 double gamma, double alpha) {
  const std::int64_t classes = logits.size(1);
  // A background row has no 1.
  const auto targets = torch::one_hot(labels, classes + 1).slice(1, 0, classes).to(logits.dtype());
  const auto p = logits.sigmoid();
  const auto wrong = (1 - p) * targets + p * (1 - targets);
  const auto balance = alpha * targets + (1 - alpha) * (1 - targets);
  auto loss =
      torch::binary_cross_entropy_with_logits(logits, targets, {}, {}, at::Reduction::None) *
      balance * wrong.pow(gamma);
  if (weights.defined()) loss = loss * weights;
  return loss.sum() / (average_factor + std::numeric_limits<float>::epsilon());
}

torch::Tensor dice_loss(const torch::Tensor& logits, const torch::Tensor& targets, double epsilon) {
  const auto p = logits.sigmoid().flatten(1);
  const auto t = targets.flatten(1).to(p.dtype());
  const auto both = (p * t).sum(1);
  const auto squares = ((p * p).sum(1) + epsilon) + ((t * t).sum(1) + epsilon);
  return (1 - 2 * both / squares).mean();
}

torch::Tensor mask_loss(const torch::Tensor& logits, const torch::Tensor& targets) {
  return torch::binary_cross_entropy_with_logits(logits, targets.to(logits.dtype()), {}, {},
                                                 at::Reduction::Mean);
}

torch::Tensor pixel_cross_entropy(const torch::Tensor& logits, const torch::Tensor& targets,
                                  std::int64_t ignored) {
  const auto sum = torch::nn::functional::cross_entropy(
      logits, targets,
      torch::nn::functional::CrossEntropyFuncOptions().ignore_index(ignored).reduction(
          torch::kSum));
  return sum / static_cast<double>(targets.numel());
}

torch::Tensor top1_accuracy(const torch::Tensor& logits, const torch::Tensor& labels) {
  if (labels.size(0) == 0) return torch::zeros({}, logits.options());
  return (logits.detach().argmax(1) == labels).to(logits.dtype()).mean() * 100;
}

}  // namespace tessera
