#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tessera/models/knet/knet.h"

namespace tessera {

/// The targets of the kernel head or, with `stuff_rows`, of a stage that predicts stuff too.
StageTargets make_stage_targets(std::vector<Assignment> assignments,
                                const std::vector<MaskTargets>& images,
                                const KernelHeadOptions& options, bool stuff_rows);

/// Mask, dice and (of panoptic models) rank losses; masks at stride 4: [B, rows, h, w].
LossTerms mask_losses(const torch::Tensor& mask_logits, const StageTargets& targets,
                      bool with_rank);

/// Losses of the kernel head; segmentation: [B, h, w] as made by segmentation_target.
LossTerms kernel_head_losses(const torch::Tensor& mask_logits, const torch::Tensor& class_logits,
                             const StageTargets& targets, const torch::Tensor& segmentation,
                             const KNetOptions& options);

/// Losses of one stage, without its prefix.
LossTerms stage_losses(const torch::Tensor& mask_logits, const torch::Tensor& class_logits,
                       const StageTargets& targets, const KNetOptions& options,
                       const std::function<torch::Tensor(torch::Tensor)>& mean_over_ranks);

/// A class a pixel, [h, w]: stuff first, then the matched objects in the order of their proposals;
/// the number of classes where there is nothing.
torch::Tensor segmentation_target(const MaskTargets& image, const Assignment& assignment,
                                  std::int64_t classes);

}  // namespace tessera
