#pragma once

#include <cstdint>
#include <string_view>

#include "tessera/core/random.h"
#include "tessera/data/synth/synth_frame.h"
#include "tessera/tracking/overlap_tracker.h"

namespace tessera::synth {

/// How an ideal segmenter, which outlines and classifies every pixel as the ground truth does,
/// names the objects it finds from frame to frame.
enum class Association {
  kRandom,   ///< new names in every frame
  kOverlap,  ///< the name of the mask of the same class that it overlaps most in the frame before
  kPerfect,  ///< the ground truth's
};
inline constexpr Association kAssociations[] = {Association::kRandom, Association::kOverlap,
                                                Association::kPerfect};

/// "random-ids", "iou" and "perfect".
std::string_view to_string(Association association);

/// What such a segmenter predicts: the distance between the three is what a tracker can gain.
/// Takes the frames of a sequence in order.
class Oracle {
 public:
  explicit Oracle(Association association) : association_(association) {}

  /// The predicted identity of every pixel, 0 where the ground truth has none.
  IdMap predict(const SynthFrame& frame);

 private:
  using Names = OverlapTracker::Names;  ///< by the frame's own track

  Association association_;
  OverlapTracker overlap_;
};

}  // namespace tessera::synth
