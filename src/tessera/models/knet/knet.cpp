#include "tessera/models/knet/knet.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include "tessera/models/knet/knet_losses.h"
#include "tessera/nn/end_stage.h"
#include "tessera/nn/resize.h"

namespace tessera {

KNetImpl::KNetImpl(const KNetOptions& options) : options_(options) {
  backbone = register_module("backbone", make_backbone(options.backbone));
  neck = register_module("neck", Fpn(backbone->out_channels(), options.head.channels));
  rpn_head = register_module("rpn_head", KernelHead(options.head));
  const auto roi_head = register_module("roi_head", std::make_shared<torch::nn::Module>());
  const auto heads = roi_head->register_module("mask_head", torch::nn::ModuleList());
  for (int stage = 0; stage < options.stages; ++stage) {
    mask_heads.emplace_back(
        KernelUpdateHeadOptions{.channels = options.head.channels,
                                .classes = options.classes(),
                                .attention_heads = options.attention_heads,
                                .feedforward_channels = options.feedforward_channels,
                                .update = options.update,
                                .track_link = options.track_link,
                                .fusion = options.fusion});
    heads->push_back(mask_heads.back());
  }
}

KNetOutput KNetImpl::forward(const torch::Tensor& images, const torch::Tensor& previous,
                             StageClock* clock) {
  auto levels = backbone->forward(images);
  end_stage(clock, "backbone", levels.back());
  levels = neck(levels);
  end_stage(clock, "neck", levels.back());
  KernelHeadOutput head = rpn_head(levels);
  rpn_head->append_stuff(head);
  levels.clear();
  end_stage(clock, "kernel head", head.mask_logits);
  const auto features = head.features;
  KNetOutput out;
  out.mask_logits = head.mask_logits;
  out.kernels = head.kernels;
  out.pixel_classes = head.class_logits;
  head = {};  // its other features are needed no more
  for (std::size_t s = 0; s < mask_heads.size(); ++s) {
    const bool last = s + 1 == mask_heads.size();
    const KernelUpdateOutput stage =
        mask_heads[s](features, out.kernels, out.mask_logits, last ? previous : torch::Tensor());
    out.mask_logits = stage.mask_logits;
    out.class_logits = stage.class_logits;
    out.kernels = stage.kernels;
    out.track_kernels = stage.track_kernels;
  }
  end_stage(clock, "update stages", out.mask_logits);
  return out;
}

Assignment KNetImpl::match(const torch::Tensor& scaled_masks, const torch::Tensor& class_logits,
                           const MaskTargets& target) const {
  const KernelHeadOptions& sizes = options_.head;
  return match_masks(scaled_masks.slice(0, 0, sizes.proposals),
                     class_logits.slice(0, 0, sizes.proposals).slice(1, 0, sizes.thing_classes),
                     target.masks, target.labels);
}

KernelHeadOutput KNetImpl::propose(const torch::Tensor& images) {
  return rpn_head(neck(backbone->forward(images)));
}

KNetImpl::HeadStep KNetImpl::train_head(KernelHeadOutput proposed,
                                        const std::vector<MaskTargets>& targets, KNetTrace* trace) {
  HeadStep step;
  step.head = std::move(proposed);
  step.scaled_masks = upsample_bilinear(step.head.mask_logits, options_.mask_upsampling);
  std::vector<torch::Tensor> segmentations;
  for (std::size_t b = 0; b < targets.size(); ++b) {
    step.assignments.push_back(match_masks(step.scaled_masks[static_cast<std::int64_t>(b)], {},
                                           targets[b].masks, targets[b].labels));
    segmentations.push_back(
        segmentation_target(targets[b], step.assignments[b], options_.classes()));
  }
  const StageTargets head_targets =
      make_stage_targets(step.assignments, targets, options_.head, false);
  const auto segmentation = torch::stack(segmentations);
  step.terms = kernel_head_losses(
      step.scaled_masks, upsample_bilinear(step.head.class_logits, options_.mask_upsampling),
      head_targets, segmentation, options_);
  rpn_head->append_stuff(step.head);
  if (trace != nullptr) {
    trace->head = head_targets;
    trace->head_segmentation = segmentation;
    trace->head_masks_with_stuff = step.head.mask_logits;
  }
  return step;
}

KNetImpl::StagesStep KNetImpl::train_stages(
    const HeadStep& step, const std::vector<MaskTargets>& targets, const torch::Tensor& previous,
    const std::function<torch::Tensor(torch::Tensor)>& mean_over_ranks, KNetTrace* trace) {
  StagesStep result;
  std::vector<Assignment> assignments = step.assignments;
  torch::Tensor kernels = step.head.kernels, mask_logits = step.head.mask_logits;
  for (std::size_t s = 0; s < mask_heads.size(); ++s) {
    // A stage is matched by what the stage before it said; the first by the kernel head's masks,
    // which have been matched already.
    for (std::size_t b = 0; s > 0 && b < targets.size(); ++b) {
      const auto image = static_cast<std::int64_t>(b);
      assignments[b] =
          match(result.scaled_masks[image], result.last.class_logits[image], targets[b]);
    }
    const bool last = s + 1 == mask_heads.size();
    result.last =
        mask_heads[s](step.head.features, kernels, mask_logits, last ? previous : torch::Tensor());
    kernels = result.last.kernels;
    mask_logits = result.last.mask_logits;
    result.scaled_masks = upsample_bilinear(mask_logits, options_.mask_upsampling);
    StageTargets stage_targets =
        make_stage_targets(assignments, targets, options_.head, options_.panoptic());
    for (auto& [name, value] : stage_losses(result.scaled_masks, result.last.class_logits,
                                            stage_targets, options_, mean_over_ranks))
      result.terms.emplace_back(fmt::format("s{}_{}", s, name), value);
    if (trace != nullptr) {
      trace->stages.push_back(std::move(stage_targets));
      trace->outputs.push_back(result.last);
    }
  }
  return result;
}

LossTerms KNetImpl::losses(const torch::Tensor& images, const std::vector<MaskTargets>& targets,
                           const std::function<torch::Tensor(torch::Tensor)>& mean_over_ranks,
                           KNetTrace* trace) {
  const HeadStep step = train_head(propose(images), targets, trace);
  LossTerms terms = train_stages(step, targets, {}, mean_over_ranks, trace).terms;
  terms.insert(terms.end(), step.terms.begin(), step.terms.end());
  return terms;
}

}  // namespace tessera
