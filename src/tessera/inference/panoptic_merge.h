#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tessera/inference/scaled_masks.h"

namespace tessera {

/// What a row of a network's output claims to be.
struct MaskClaim {
  int label = 0;
  float score = 0;
  bool thing = false;
  int row = 0;
};

struct PanopticMergeOptions {
  float thing_score = 0.3F;  ///< things below are dropped, though they have taken their pixels
  double overlap = 0.6;      ///< least share of its own area that a segment must own
  /// Exponent of the score where claims compete for a pixel; 0: the likeliest mask has it.
  double score_weight = 1;
  bool weak_things_compete = true;  ///< things below thing_score take pixels before they go
  /// Of two things whose masks have more of the smaller one in common, the weaker doesn't compete.
  double duplicate_overlap = 1;
  /// Pixels of dropped segments go to the stuff that is likeliest there instead of being void.
  bool fill_with_stuff = false;
};

struct MergedSegment {
  MaskClaim claim;
  std::int64_t area = 0;
};

/// A picture's panoptic segmentation.
struct MergedMap {
  Pixels<std::int32_t> segment;         ///< index into segments; -1: void
  std::vector<MergedSegment> segments;  ///< in descending score
};

/// Every pixel goes to the claim of the largest score^score_weight * probability; claims are then
/// taken in descending score (K-Net's merge_stuff_thing, Video K-Net's
/// merge_stuff_thing_stuff_joint).
MergedMap merge_panoptic(const ScaledMasks& masks, std::span<const MaskClaim> claims,
                         const PanopticMergeOptions& options, int threads);

}  // namespace tessera
