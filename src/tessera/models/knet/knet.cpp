#include "tessera/models/knet/knet.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include "tessera/models/knet/knet_losses.h"
#include "tessera/nn/resize.h"

namespace tessera {
namespace {

/// Masks leave the network at stride 8 and are compared with the truth at stride 4.
constexpr std::int64_t kMaskUpsampling = 2;

}  // namespace

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
                                .feedforward_channels = options.feedforward_channels});
    heads->push_back(mask_heads.back());
  }
}

KNetOutput KNetImpl::forward(const torch::Tensor& images) {
  KernelHeadOutput head = rpn_head(neck(backbone->forward(images)));
  rpn_head->append_stuff(head);
  const auto features = head.features;
  KNetOutput out = {.mask_logits = head.mask_logits, .class_logits = {}, .kernels = head.kernels};
  head = {};  // its other features are needed no more
  for (auto& mask_head : mask_heads) {
    const KernelUpdateOutput stage = mask_head(features, out.kernels, out.mask_logits);
    out = {stage.mask_logits, stage.class_logits, stage.kernels};
  }
  return out;
}

LossTerms KNetImpl::losses(const torch::Tensor& images, const std::vector<MaskTargets>& targets,
                           const std::function<torch::Tensor(torch::Tensor)>& mean_over_ranks,
                           KNetTrace* trace) {
  const KernelHeadOptions& sizes = options_.head;
  KernelHeadOutput head = rpn_head(neck(backbone->forward(images)));
  auto scaled_masks = upsample_bilinear(head.mask_logits, kMaskUpsampling);

  std::vector<Assignment> assignments;
  std::vector<torch::Tensor> segmentations;
  for (std::size_t b = 0; b < targets.size(); ++b) {
    assignments.push_back(match_masks(scaled_masks[static_cast<std::int64_t>(b)], {},
                                      targets[b].masks, targets[b].labels));
    segmentations.push_back(segmentation_target(targets[b], assignments[b], options_.classes()));
  }
  const StageTargets head_targets = make_stage_targets(assignments, targets, sizes, false);
  const auto segmentation = torch::stack(segmentations);
  LossTerms head_terms =
      kernel_head_losses(scaled_masks, upsample_bilinear(head.class_logits, kMaskUpsampling),
                         head_targets, segmentation, options_);
  rpn_head->append_stuff(head);
  if (trace != nullptr) {
    trace->head = head_targets;
    trace->head_segmentation = segmentation;
    trace->head_masks_with_stuff = head.mask_logits;
  }

  LossTerms terms;
  torch::Tensor kernels = head.kernels, mask_logits = head.mask_logits, class_logits;
  for (std::size_t s = 0; s < mask_heads.size(); ++s) {
    // A stage is matched by what the stage before it said; the first by the kernel head's masks,
    // which have been matched already.
    for (std::size_t b = 0; s > 0 && b < targets.size(); ++b) {
      const auto image = static_cast<std::int64_t>(b);
      assignments[b] = match_masks(
          scaled_masks[image].slice(0, 0, sizes.proposals),
          class_logits[image].slice(0, 0, sizes.proposals).slice(1, 0, sizes.thing_classes),
          targets[b].masks, targets[b].labels);
    }
    KernelUpdateOutput stage = mask_heads[s](head.features, kernels, mask_logits);
    kernels = stage.kernels;
    mask_logits = stage.mask_logits;
    class_logits = stage.class_logits;
    scaled_masks = upsample_bilinear(mask_logits, kMaskUpsampling);
    StageTargets stage_targets =
        make_stage_targets(assignments, targets, sizes, options_.panoptic());
    for (auto& [name, value] :
         stage_losses(scaled_masks, class_logits, stage_targets, options_, mean_over_ranks))
      terms.emplace_back(fmt::format("s{}_{}", s, name), value);
    if (trace != nullptr) {
      trace->stages.push_back(std::move(stage_targets));
      trace->outputs.push_back(std::move(stage));
    }
  }
  terms.insert(terms.end(), head_terms.begin(), head_terms.end());
  return terms;
}

}  // namespace tessera
