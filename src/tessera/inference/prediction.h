#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "tessera/image/image.h"
#include "tessera/image/rle.h"

namespace tessera {

struct PredictedSegment {
  std::int32_t id = 0;  ///< what its pixels have in PanopticPrediction::ids
  int label = 0;        ///< the dataset's class index
  float score = 0;
  std::int64_t area = 0;
};

inline constexpr std::int32_t kVoidSegment = -1;

struct PanopticPrediction {
  Pixels<std::int32_t> ids;  ///< kVoidSegment where nothing was found
  std::vector<PredictedSegment> segments;
};

struct PredictedInstance {
  int label = 0;  ///< the dataset's class index
  float score = 0;
  Rle mask;
};

/// What a model says about one picture, at the picture's size: what it predicts is set.
struct Prediction {
  std::optional<PanopticPrediction> panoptic;
  std::optional<std::vector<PredictedInstance>> instances;  ///< in descending score
  std::optional<LabelMap> semantic;
};

}  // namespace tessera
