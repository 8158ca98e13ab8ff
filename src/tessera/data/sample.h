#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tessera/image/image.h"
#include "tessera/image/panoptic_map.h"
#include "tessera/image/rle.h"

namespace tessera {

/// One object with a mask of its own; unlike the segments of a PanopticMap, instances may overlap.
struct Instance {
  int category = 0;            ///< the dataset's contiguous class index
  std::int64_t track_id = -1;  ///< identity over a video; -1 where there is none
  bool crowd = false;          ///< a group: neither learned nor counted as a miss
  bool ignore = false;
  Box box;
  double area = 0;
  Rle mask;
};

/// Where a sample comes from.
struct SampleKey {
  std::string sequence;  ///< empty for datasets of single pictures
  int frame = 0;         ///< position in time: a frame that is missing on disk leaves a gap
  std::string name;      ///< unique in the dataset; what output files are called after
};

/// One annotated picture: what every dataset yields, every transform changes and every model is
/// trained on.
struct Sample {
  SampleKey key;
  Image image;                          ///< 8-bit RGB
  std::optional<PanopticMap> panoptic;  ///< where the dataset has panoptic labels
  std::optional<LabelMap> semantic;     ///< class per pixel, 255 ignored
  std::vector<Instance> instances;      ///< where the dataset has instance labels
  std::optional<LabelMap> ignored;      ///< 1 where pixels are left out of training altogether
};

}  // namespace tessera
