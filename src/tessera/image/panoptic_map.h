#pragma once

#include <cstdint>
#include <vector>

#include "tessera/image/image.h"
#include "tessera/image/rle.h"

namespace tessera {

/// One connected thing or one area of stuff in a PanopticMap.
struct Segment {
  std::uint32_t id = 0;  ///< the value its pixels have in PanopticMap::ids; never 0
  int category = 0;      ///< the dataset's contiguous class index
  std::int64_t track_id =
      -1;  ///< identity over a video, unique within its sequence; -1 where there is none
  bool crowd = false;     ///< a group or an ignored region: not an instance to be found
  bool ignore = false;    ///< left out of training and evaluation altogether
  std::int64_t area = 0;  ///< in pixels
  float score = 1.0f;
  Box box = {};  ///< as an annotation states it; empty where none does
  friend bool operator==(const Segment&, const Segment&) = default;
};

/// Every pixel's segment, and what the segments are. Id 0 is void: a pixel of no segment.
struct PanopticMap {
  IdMap ids;
  std::vector<Segment> segments;
};

}  // namespace tessera
