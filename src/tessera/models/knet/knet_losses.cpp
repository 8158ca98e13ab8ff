#include "tessera/models/knet/knet_losses.h"

#include <torch/torch.h>

#include "tessera/nn/losses.h"

namespace tessera {
namespace {

constexpr double kDiceWeight = 4, kRankWeight = 0.1, kClassWeight = 2;

torch::Tensor mean(const std::function<torch::Tensor(torch::Tensor)>& mean_over_ranks,
                   torch::Tensor value) {
  return mean_over_ranks ? mean_over_ranks(std::move(value)) : value;
}

torch::Tensor rank_loss(const torch::Tensor& mask_logits, const StageTargets& targets) {
  constexpr std::int64_t kNone = -1;
  const std::int64_t batch = mask_logits.size(0), rows = mask_logits.size(1);
  std::vector<torch::Tensor> wanted;
  for (std::int64_t b = 0; b < batch; ++b) {
    const auto mine = targets.positives.div(rows, "floor") == b;
    wanted.push_back(last_row_at_each_pixel(targets.positives.index({mine}) - b * rows,
                                            targets.masks.index({mine}), kNone));
  }
  return pixel_cross_entropy(mask_logits, torch::stack(wanted), kNone);
}

torch::Tensor pixel_class_loss(const torch::Tensor& class_logits, const torch::Tensor& segmentation,
                               const KNetOptions& options) {
  if (options.pixel_loss == PixelLoss::kCrossEntropy)
    return pixel_cross_entropy(class_logits, segmentation, options.classes());
  const auto labels = segmentation.flatten();
  const auto labelled = (labels < options.classes()).sum().clamp_min(1).to(class_logits.dtype());
  const auto logits = class_logits.flatten(2).transpose(1, 2).reshape({-1, options.classes()});
  return sigmoid_focal_loss(logits, labels, {}, labelled);
}

torch::Tensor stuff_label_weights(const KernelHeadOptions& options) {
  return torch::cat({torch::zeros({options.stuff_classes, options.thing_classes}),
                     torch::eye(options.stuff_classes)},
                    1);
}

}  // namespace

StageTargets make_stage_targets(std::vector<Assignment> assignments,
                                const std::vector<MaskTargets>& images,
                                const KernelHeadOptions& options, bool stuff_rows) {
  const std::int64_t things = options.thing_classes;
  const std::int64_t stuff = stuff_rows ? options.stuff_classes : 0;
  const std::int64_t classes = options.thing_classes + options.stuff_classes;
  const std::int64_t rows = options.proposals + stuff;
  std::vector<torch::Tensor> labels, weights, positives, masks;
  for (std::size_t b = 0; b < images.size(); ++b) {
    const Assignment& assignment = assignments[b];
    const MaskTargets& image = images[b];
    const auto first = static_cast<std::int64_t>(b) * rows;
    const auto device = assignment.labels.device();
    labels.push_back(assignment.labels.masked_fill(assignment.labels < 0, classes));
    positives.push_back(assignment.positives + first);
    masks.push_back(
        image.masks.index_select(0, assignment.objects.index_select(0, assignment.positives)));
    auto proposal_weights = torch::ones({options.proposals, classes}, device);
    if (stuff > 0) {
      proposal_weights.slice(1, things).zero_();
      auto stuff_labels = torch::full({stuff}, classes, assignment.labels.options());
      stuff_labels.index_put_({image.stuff_labels - things}, image.stuff_labels);
      labels.push_back(stuff_labels);
      positives.push_back(image.stuff_labels - things + options.proposals + first);
      masks.push_back(image.stuff_masks);
    }
    weights.push_back(proposal_weights);
    if (stuff > 0) weights.push_back(stuff_label_weights(options).to(device));
  }
  return {.assignments = std::move(assignments),
          .labels = torch::cat(labels),
          .label_weights = torch::cat(weights),
          .positives = torch::cat(positives),
          .masks = torch::cat(masks)};
}

LossTerms mask_losses(const torch::Tensor& mask_logits, const StageTargets& targets,
                      bool with_rank) {
  if (targets.positives.size(0) == 0) {
    const auto nothing = mask_logits.sum() * 0;
    LossTerms terms = {{"loss_mask", nothing}, {"loss_dice", nothing}};
    if (with_rank) terms.emplace_back("loss_rank", nothing);
    return terms;
  }
  const auto positive_logits = mask_logits.flatten(0, 1).index_select(0, targets.positives);
  LossTerms terms = {{"loss_mask", mask_loss(positive_logits, targets.masks)},
                     {"loss_dice", kDiceWeight * dice_loss(positive_logits, targets.masks)}};
  if (with_rank) terms.emplace_back("loss_rank", kRankWeight * rank_loss(mask_logits, targets));
  return terms;
}

torch::Tensor segmentation_target(const MaskTargets& image, const Assignment& assignment,
                                  std::int64_t classes) {
  const auto objects = assignment.objects.index_select(0, assignment.positives);
  auto masks = image.masks.index_select(0, objects);
  auto labels = image.labels.index_select(0, objects);
  if (image.stuff_masks.defined()) {
    masks = torch::cat({image.stuff_masks, masks});
    labels = torch::cat({image.stuff_labels, labels});
  }
  return last_row_at_each_pixel(labels, masks, classes);
}

LossTerms kernel_head_losses(const torch::Tensor& mask_logits, const torch::Tensor& class_logits,
                             const StageTargets& targets, const torch::Tensor& segmentation,
                             const KNetOptions& options) {
  LossTerms terms;
  for (auto& [name, value] : mask_losses(mask_logits, targets, options.panoptic()))
    terms.emplace_back("loss_rpn" + name.substr(4), value);
  terms.emplace_back("loss_rpn_seg", pixel_class_loss(class_logits, segmentation, options));
  return terms;
}

LossTerms stage_losses(const torch::Tensor& mask_logits, const torch::Tensor& class_logits,
                       const StageTargets& targets, const KNetOptions& options,
                       const std::function<torch::Tensor(torch::Tensor)>& mean_over_ranks) {
  const auto logits = class_logits.flatten(0, 1);
  const auto positives = (targets.labels < options.classes()).sum().to(logits.dtype());
  LossTerms terms;
  terms.emplace_back(
      "loss_cls", kClassWeight * sigmoid_focal_loss(logits, targets.labels, targets.label_weights,
                                                    mean(mean_over_ranks, positives).clamp_min(1)));
  terms.emplace_back("pos_acc", top1_accuracy(logits.index_select(0, targets.positives),
                                              targets.labels.index_select(0, targets.positives)));
  for (auto& term :
       mask_losses(mask_logits, targets, options.panoptic() && options.stage_rank_loss))
    terms.push_back(std::move(term));
  return terms;
}

}  // namespace tessera
