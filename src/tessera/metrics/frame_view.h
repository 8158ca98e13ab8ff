#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tessera/image/panoptic_map.h"

/// What a metric shows of the frames and tracks it judged, so that a report can draw the worst.
namespace tessera {

/// Pixels without an object, in data sets of objects alone. They are judged; id 0 is not.
constexpr std::uint32_t kBackgroundId = 0xffffffff;
constexpr int kBackgroundCategory = -1;

/// Both sides of a frame as segments; objects have a track_id >= 0, stuff has not.
struct FrameView {
  std::string name;
  PanopticMap truth, prediction;
  bool street = false;  ///< categories are Cityscapes' trainIds, whose colours everybody knows
};

/// One judged frame.
struct FrameQuality {
  std::string sequence;  ///< empty for still pictures
  std::string frame;
  double quality = 0;  ///< in [0, 1]; NaN when the frame has nothing to be judged
  std::function<FrameView()> view;
};

/// How one true track was found over its sequence.
struct TrackSummary {
  std::uint32_t id = 0;  ///< its segment in the views' truth
  std::int64_t pixels = 0;
  double association = 0;             ///< in [0, 1]: what STQ's AQ is the mean of
  std::vector<std::size_t> frames;    ///< those in which it shows
  std::vector<std::size_t> switches;  ///< those in which another predicted track takes over
};

struct TrackQuality {
  std::string sequence, track;
  TrackSummary summary;
  std::function<FrameView(std::size_t frame)> view;
};

/// Lists the ids of a map (but 0) as `describe` says.
PanopticMap describe_ids(IdMap ids, const std::function<Segment(std::uint32_t id)>& describe);

}  // namespace tessera
