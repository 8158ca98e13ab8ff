#include "tessera/inference/knet_postprocess.h"

#include <torch/torch.h>

#include <algorithm>
#include <map>

#include "tessera/core/error.h"
#include "tessera/core/thread_pool.h"
#include "tessera/nn/resize.h"

namespace tessera {

torch::Tensor mask_probabilities(const torch::Tensor& mask_logits, std::int64_t upsampling) {
  const auto logits = mask_logits.to(torch::kCPU, torch::kFloat32);
  if (!logits.isfinite().all().item<bool>())
    fail("the network computes masks that are not finite; check the checkpoint's weights");
  return upsample_bilinear(logits.unsqueeze(0), upsampling).squeeze(0).sigmoid().contiguous();
}

ScaledMasks scaled_masks(const torch::Tensor& probabilities, const Geometry& geometry) {
  return ScaledMasks(
      {probabilities.data_ptr<float>(), static_cast<std::size_t>(probabilities.numel())},
      static_cast<int>(probabilities.size(0)),
      {static_cast<int>(probabilities.size(2)), static_cast<int>(probabilities.size(1))}, geometry);
}

namespace {

/// The best pairs of row and class of [rows, classes] scores, in descending score.
std::vector<MaskClaim> best_pairs(const torch::Tensor& scores, std::int64_t most) {
  const std::int64_t classes = scores.size(1);
  const auto [best, places] = scores.flatten().topk(std::min<std::int64_t>(most, scores.numel()));
  std::vector<MaskClaim> claims;
  for (std::int64_t i = 0; i < best.size(0); ++i) {
    const std::int64_t place = places.data_ptr<std::int64_t>()[i];
    claims.push_back({static_cast<int>(place % classes), best.data_ptr<float>()[i], true,
                      static_cast<int>(place / classes)});
  }
  return claims;
}

std::vector<MaskClaim> best_classes(const torch::Tensor& scores) {
  const auto [best, labels] = scores.max(1);
  std::vector<MaskClaim> claims;
  for (std::int64_t n = 0; n < best.size(0); ++n)
    claims.push_back({static_cast<int>(labels.data_ptr<std::int64_t>()[n]),
                      best.data_ptr<float>()[n], true, static_cast<int>(n)});
  return claims;
}

}  // namespace

std::vector<MaskClaim> panoptic_claims(const torch::Tensor& class_logits,
                                       const KernelHeadOptions& sizes, ThingClaims things) {
  const auto scores = class_logits.to(torch::kCPU, torch::kFloat32).sigmoid();
  const auto thing_scores =
      scores.slice(0, 0, sizes.proposals).slice(1, 0, sizes.thing_classes).contiguous();
  const auto stuff_scores =
      scores.slice(0, sizes.proposals).slice(1, sizes.thing_classes).diagonal().contiguous();
  std::vector<MaskClaim> claims = things == ThingClaims::kBestPairs
                                      ? best_pairs(thing_scores, sizes.proposals)
                                      : best_classes(thing_scores);
  const auto stuff = static_cast<std::ptrdiff_t>(claims.size());
  for (std::int64_t s = 0; s < sizes.stuff_classes; ++s)
    claims.push_back({static_cast<int>(sizes.thing_classes + s), stuff_scores.data_ptr<float>()[s],
                      false, static_cast<int>(sizes.proposals + s)});
  if (things == ThingClaims::kBestPairs)  // the first of equal values owns a pixel
    std::stable_sort(claims.begin() + stuff, claims.end(),
                     [](const MaskClaim& a, const MaskClaim& b) { return a.score > b.score; });
  return claims;
}

std::vector<InstanceDetection> detect_instances(const ScaledMasks& masks,
                                                const torch::Tensor& class_logits,
                                                const InstanceOptions& options, int threads) {
  const auto claims =
      best_pairs(class_logits.to(torch::kCPU, torch::kFloat32).sigmoid(), options.most);
  std::vector<InstanceDetection> detections;
  std::map<int, Rle> mask_of_row;
  for (const MaskClaim& claim : claims) {
    detections.push_back({claim.label, claim.score, claim.row, {}});
    mask_of_row[claim.row];
  }
  std::vector<std::map<int, Rle>::iterator> wanted;
  for (auto it = mask_of_row.begin(); it != mask_of_row.end(); ++it) wanted.push_back(it);
  parallel_for(wanted.size(), threads, [&](std::size_t i, int) {
    wanted[i]->second = masks.above(wanted[i]->first, options.mask_threshold);
  });
  for (auto& detection : detections) detection.mask = mask_of_row.at(detection.row);
  return detections;
}

}  // namespace tessera
