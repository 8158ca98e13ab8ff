#include "tessera/models/knet/mask_matcher.h"

#include <torch/torch.h>

#include <span>

#include "tessera/core/error.h"
#include "tessera/core/hungarian.h"

namespace tessera {
namespace {

/// The focal loss of being the class minus that of not being it.
torch::Tensor class_cost(const torch::Tensor& logits, const torch::Tensor& labels) {
  constexpr double kAlpha = 0.25, kEpsilon = 1e-12;
  const auto p = logits.sigmoid();
  const auto absent = -(1 - p + kEpsilon).log() * (1 - kAlpha) * p.pow(2);
  const auto present = -(p + kEpsilon).log() * kAlpha * (1 - p).pow(2);
  return present.index_select(1, labels) - absent.index_select(1, labels);
}

}  // namespace

torch::Tensor MatchCosts::total() const {
  const auto masks = mask + dice;
  return classes.defined() ? classes + mask + dice : masks;
}

MatchCosts match_costs(const torch::Tensor& mask_logits, const torch::Tensor& class_logits,
                       const torch::Tensor& masks, const torch::Tensor& labels,
                       const MaskMatcherOptions& options) {
  const torch::NoGradGuard no_grad;
  const auto p = mask_logits.flatten(1).sigmoid();  // [N, hw]
  const auto t = masks.flatten(1).to(p.dtype());    // [M, hw]
  const auto both = p.matmul(t.t());                // [N, M]
  const auto neither = (1 - p).matmul((1 - t).t());
  MatchCosts costs;
  if (class_logits.defined())
    costs.classes = class_cost(class_logits, labels) * options.class_weight;
  costs.mask = -(both + neither) / static_cast<double>(p.size(1)) * options.mask_weight;
  const auto squares = ((p * p).sum(1) + options.dice_epsilon).unsqueeze(1) +
                       ((t * t).sum(1) + options.dice_epsilon).unsqueeze(0);
  costs.dice = -(2 * both) / squares * options.dice_weight;
  return costs;
}

Assignment match_masks(const torch::Tensor& mask_logits, const torch::Tensor& class_logits,
                       const torch::Tensor& masks, const torch::Tensor& labels,
                       const MaskMatcherOptions& options) {
  const torch::NoGradGuard no_grad;
  const std::int64_t proposals = mask_logits.size(0), objects = masks.size(0);
  Assignment result;
  result.objects = torch::full({proposals}, -1, torch::kInt64);
  result.labels = torch::full({proposals}, -1, torch::kInt64);
  if (proposals > 0 && objects > 0) {
    auto costs = match_costs(mask_logits, class_logits, masks, labels, options)
                     .total()
                     .to(torch::kCPU, torch::kFloat64)
                     .contiguous();
    if (!costs.isfinite().all().item<bool>())
      fail(
          "the costs of matching masks to objects are not finite: the network computes NaN or "
          "infinity; lower the learning rate or check the weights that it started from");
    auto* chosen = result.objects.data_ptr<std::int64_t>();
    for (int round = 0; round < options.rounds; ++round) {
      const std::span<const double> view(costs.data_ptr<double>(),
                                         static_cast<std::size_t>(costs.numel()));
      const auto columns =
          assign_minimum(view, static_cast<int>(proposals), static_cast<int>(objects));
      for (std::int64_t n = 0; n < proposals; ++n) {
        if (columns[n] < 0) continue;
        chosen[n] = columns[n];
        constexpr double kTaken = 1e10;
        costs[n].fill_(kTaken);
      }
    }
    const auto matched = result.objects >= 0;
    result.labels.index_put_(
        {matched}, labels.to(torch::kCPU).index_select(0, result.objects.index({matched})));
  }
  result.positives = (result.objects >= 0).nonzero().squeeze(1);
  const auto device = mask_logits.device();
  return {result.objects.to(device), result.labels.to(device), result.positives.to(device)};
}

}  // namespace tessera
