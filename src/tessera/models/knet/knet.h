#pragma once

#include <torch/nn/module.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "tessera/core/stage_clock.h"
#include "tessera/models/knet/kernel_head.h"
#include "tessera/models/knet/kernel_update_head.h"
#include "tessera/models/knet/mask_matcher.h"
#include "tessera/models/knet/targets.h"
#include "tessera/nn/fpn.h"
#include "tessera/nn/losses.h"
#include "tessera/nn/make_backbone.h"

namespace tessera {

/// What the kernel head's class of every pixel is trained with.
enum class PixelLoss {
  kFocal,         ///< summed, over the number of labelled pixels
  kCrossEntropy,  ///< unlabelled pixels count in the mean only
};

struct KNetOptions {
  BackboneOptions backbone;
  KernelHeadOptions head;
  int stages = 3;  ///< of the iterative kernel update
  std::int64_t attention_heads = 8;
  std::int64_t feedforward_channels = 2048;
  KernelUpdate update = KernelUpdate::kOriginal;
  std::int64_t mask_upsampling = 2;  ///< of the masks before they are compared with the truth
  bool stage_rank_loss = true;       ///< of panoptic models; the kernel head always has it
  PixelLoss pixel_loss = PixelLoss::kFocal;
  TrackLink track_link = TrackLink::kNone;
  KernelFusion fusion = KernelFusion::kNone;
  std::int64_t mask_stride() const { return head.stride / mask_upsampling; }
  bool panoptic() const { return head.stuff_classes > 0; }
  std::int64_t classes() const { return head.thing_classes + head.stuff_classes; }
};

/// What the last stage says. Rows are the N proposals, then the S stuff classes.
struct KNetOutput {
  torch::Tensor mask_logits;    // [B, N+S, h, w]
  torch::Tensor class_logits;   // [B, N+S, T+S]
  torch::Tensor kernels;        // [B, N+S, C]
  torch::Tensor track_kernels;  // [B, N+S, C], linked to the previous frame
  torch::Tensor pixel_classes;  // [B, T+S, h, w] logits of the kernel head
};

/// What a stage of the training was asked for.
struct StageTargets {
  std::vector<Assignment> assignments;  ///< of each image, over the N proposals
  torch::Tensor labels;                 ///< [B * rows] int64, the number of classes for background
  torch::Tensor label_weights;          ///< [B * rows, T+S]
  torch::Tensor positives;              ///< [P] int64, rows with a mask to learn, ascending
  torch::Tensor masks;                  ///< [P, h, w]
};

struct KNetTrace {
  StageTargets head;
  torch::Tensor head_segmentation;      ///< [B, h, w] int64, target of the per-pixel classes
  torch::Tensor head_masks_with_stuff;  ///< [B, N+S, h, w] logits
  std::vector<StageTargets> stages;
  std::vector<KernelUpdateOutput> outputs;
};

/// K-Net for instance (no stuff classes) and panoptic segmentation of images; NeurIPS 2021.
class KNetImpl : public torch::nn::Module {
 public:
  explicit KNetImpl(const KNetOptions& options);

  /// images: [B, 3, H, W], normalised, sizes multiples of 32; previous: [B, N+S, C], the last
  /// kernels of the frame before, which only the last stage looks at, or undefined. `clock` takes
  /// the time of each part.
  KNetOutput forward(const torch::Tensor& images, const torch::Tensor& previous = {},
                     StageClock* clock = nullptr);

  /// The terms to minimise. `mean_over_ranks` averages a count over the processes that train
  /// together; `trace` takes what happened on the way.
  LossTerms losses(const torch::Tensor& images, const std::vector<MaskTargets>& targets,
                   const std::function<torch::Tensor(torch::Tensor)>& mean_over_ranks = {},
                   KNetTrace* trace = nullptr);

  const KNetOptions& options() const { return options_; }

  /// A training step in parts, for models that do something between them.
  KernelHeadOutput propose(const torch::Tensor& images);
  struct HeadStep {
    KernelHeadOutput head;  ///< with stuff
    torch::Tensor scaled_masks;
    std::vector<Assignment> assignments;
    LossTerms terms;
  };
  HeadStep train_head(KernelHeadOutput proposed, const std::vector<MaskTargets>& targets,
                      KNetTrace* trace = nullptr);
  struct StagesStep {
    KernelUpdateOutput last;
    torch::Tensor scaled_masks;  ///< of the last stage
    LossTerms terms;
  };
  StagesStep train_stages(const HeadStep& step, const std::vector<MaskTargets>& targets,
                          const torch::Tensor& previous,
                          const std::function<torch::Tensor(torch::Tensor)>& mean_over_ranks,
                          KNetTrace* trace = nullptr);
  /// The assignment of one image's proposals by a stage's masks and classes.
  Assignment match(const torch::Tensor& scaled_masks, const torch::Tensor& class_logits,
                   const MaskTargets& target) const;

  std::shared_ptr<BackboneImpl> backbone;
  Fpn neck{nullptr};
  KernelHead rpn_head{nullptr};
  std::vector<KernelUpdateHead> mask_heads;

 private:
  KNetOptions options_;
};
TORCH_MODULE(KNet);

}  // namespace tessera
