#pragma once

#include <torch/types.h>

#include <vector>

#include "tessera/inference/panoptic_merge.h"
#include "tessera/models/knet/knet.h"

namespace tessera {

/// The sigmoid of one image's masks at `upsampling` times their resolution: [rows, h, w], float32,
/// contiguous. mask_logits: [rows, H/8, W/8]
torch::Tensor mask_probabilities(const torch::Tensor& mask_logits, std::int64_t upsampling);

/// The masks of mask_probabilities, which must stay alive.
ScaledMasks scaled_masks(const torch::Tensor& probabilities, const Geometry& geometry);

/// What proposals claim to be: each its best class (K-Net), or the best pairs of proposal and
/// class, in descending score (Video K-Net and its Cityscapes-STEP models).
enum class ThingClaims { kBestClass, kBestPairs };

/// What the rows of a panoptic K-Net claim, things first; class_logits: [N+S, T+S] of one image.
std::vector<MaskClaim> panoptic_claims(const torch::Tensor& class_logits,
                                       const KernelHeadOptions& sizes,
                                       ThingClaims things = ThingClaims::kBestClass);

struct InstanceDetection {
  int label = 0;
  float score = 0;
  int row = 0;  ///< of the network's output
  Rle mask;
};

struct InstanceOptions {
  int most = 100;  ///< detections an image; one mask may serve for several classes
  float mask_threshold = 0.5F;
};

/// The best pairs of mask and class, in descending score.
std::vector<InstanceDetection> detect_instances(const ScaledMasks& masks,
                                                const torch::Tensor& class_logits,
                                                const InstanceOptions& options, int threads);

}  // namespace tessera
