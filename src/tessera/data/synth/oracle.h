#pragma once

#include <cstdint>
#include <string_view>
#include <unordered_map>

#include "tessera/core/random.h"
#include "tessera/data/synth/synth_frame.h"

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
  using Names = std::unordered_map<std::uint32_t, std::uint32_t>;  ///< by the frame's own track
  Names name_by_overlap(const SynthFrame& frame);

  Association association_;
  std::uint32_t last_name_ = 0;
  IdMap last_prediction_;
  LabelMap last_categories_;
};

}  // namespace tessera::synth
