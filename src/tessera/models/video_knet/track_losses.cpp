#include "tessera/models/video_knet/track_losses.h"

#include <torch/torch.h>

#include <limits>

namespace tessera {
namespace {

constexpr double kTrackWeight = 0.25;
constexpr double kFloatEpsilon = std::numeric_limits<float>::epsilon();

torch::Tensor unit_rows(const torch::Tensor& x) {
  return torch::nn::functional::normalize(
      x, torch::nn::functional::NormalizeFuncOptions().dim(1).eps(1e-12));
}

/// The pairs that are no partners, without those too easy to count.
torch::Tensor hard_negatives(const torch::Tensor& costs, const torch::Tensor& same,
                             int negative_share) {
  const auto negatives = same.logical_not();
  const auto partners = same.sum().item<std::int64_t>();
  const auto others = negatives.sum().item<std::int64_t>();
  if (others <= negative_share * (partners + 1)) return negatives;
  const auto places = negatives.flatten().nonzero().squeeze(1);
  const auto hardest =
      std::get<1>(costs.detach().flatten().index_select(0, places).topk(partners * negative_share));
  auto kept = torch::zeros_like(same).flatten();
  kept.index_fill_(0, places.index_select(0, hardest), true);
  return kept.view_as(same);
}

}  // namespace

TrackPairs pair_tracks(const torch::Tensor& key, const torch::Tensor& reference,
                       const torch::Tensor& key_objects, const torch::Tensor& reference_objects,
                       const torch::Tensor& matches) {
  const auto k = key.to(torch::promote_types(key.scalar_type(), torch::kFloat32));
  const auto r = reference.to(k.scalar_type());
  const auto wanted = matches.index_select(0, key_objects).unsqueeze(1);
  return {.similarities = k.matmul(r.t()),
          .cosines = unit_rows(k).matmul(unit_rows(r).t()),
          .same = (wanted == reference_objects.unsqueeze(0)).logical_and(wanted >= 0)};
}

torch::Tensor multi_positive_loss(const torch::Tensor& similarities, const torch::Tensor& same) {
  // Finite, so that rows without partners or without others have a gradient of 0 instead of NaN.
  constexpr double kNever = -1e9;
  const auto of_others = similarities.masked_fill(same, kNever).logsumexp(1);
  const auto of_partners = (-similarities).masked_fill(same.logical_not(), kNever).logsumexp(1);
  const auto rows = torch::nn::functional::softplus(of_others + of_partners);
  const auto counts = same.any(1).to(rows.dtype());
  return (rows * counts).sum() / (counts.sum() + kFloatEpsilon);
}

torch::Tensor cosine_loss(const torch::Tensor& cosines, const torch::Tensor& same,
                          const CosineLossOptions& options) {
  const auto target = same.to(cosines.dtype());
  const auto costs = ((cosines - options.margin * (1 - target)).clamp(0, 1) - target).square();
  const auto counts = same.logical_or(hard_negatives(costs, same, options.negative_share));
  return (costs * counts).sum() / (counts.sum() + kFloatEpsilon);
}

LossTerms track_losses(const TrackPairs& pairs) {
  return {{"loss_track", kTrackWeight * multi_positive_loss(pairs.similarities, pairs.same)},
          {"loss_track_aux", cosine_loss(pairs.cosines, pairs.same)}};
}

}  // namespace tessera
