#include "tessera/inference/knet_predictor.h"

#include <torch/torch.h>

#include <algorithm>
#include <utility>

#include "tessera/inference/network_input.h"
#include "tessera/nn/end_stage.h"

namespace tessera {

KNetPredictor::KNetPredictor(KNet net, TestOptions test, const std::vector<ClassInfo>& classes,
                             int threads)
    : net_(std::move(net)), test_(std::move(test)), order_(classes), threads_(threads) {
  check_classes(net_->options(), order_);
  net_->eval();
}

Prediction KNetPredictor::predict(const Image& picture) {
  const torch::InferenceMode inference;
  const NetworkInput input(picture, test_);
  const auto pixels = input.on_device_of(*net_);
  end_stage(clock_, "preprocess", pixels);
  const KNetOutput output = net_(pixels, torch::Tensor(), clock_);
  const auto class_logits = finite_scores(output.class_logits[0]);
  const auto probabilities =
      mask_probabilities(output.mask_logits[0], net_->options().mask_upsampling);
  const ScaledMasks masks = scaled_masks(probabilities, input.geometry);
  Prediction prediction;
  if (net_->options().panoptic()) {
    prediction.panoptic = merge(masks, class_logits);
  } else {
    prediction.instances.emplace();
    for (auto& found : detect_instances(masks, class_logits, test_.instances, threads_))
      prediction.instances->push_back(
          {order_.dataset_of_model[found.label], found.score, std::move(found.mask)});
  }
  end_stage(clock_, "post-process", probabilities);
  return prediction;
}

PanopticPrediction KNetPredictor::merge(const ScaledMasks& masks,
                                        const torch::Tensor& class_logits) const {
  constexpr std::int32_t kOffset = 1000;
  const MergedMap merged =
      merge_panoptic(masks, panoptic_claims(class_logits, net_->options().head, test_.things),
                     test_.merge, threads_);
  PanopticPrediction result;
  for (std::size_t k = 0; k < merged.segments.size(); ++k) {
    const MergedSegment& segment = merged.segments[k];
    const auto number = static_cast<std::int32_t>(k) + (test_.official_ids ? 0 : 1);
    result.segments.push_back({segment.claim.label + kOffset * number,
                               order_.dataset_of_model[segment.claim.label], segment.claim.score,
                               segment.area});
  }
  result.ids = Pixels<std::int32_t>(merged.segment.size(), 1);
  std::transform(merged.segment.values().begin(), merged.segment.values().end(),
                 result.ids.values().begin(), [&](std::int32_t k) {
                   return k < 0 ? kVoidSegment : result.segments[static_cast<std::size_t>(k)].id;
                 });
  return result;
}

}  // namespace tessera
