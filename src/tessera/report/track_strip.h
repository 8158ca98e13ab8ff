#pragma once

#include <string>
#include <vector>

#include "tessera/image/image.h"
#include "tessera/metrics/frame_view.h"

namespace tessera {

/// Cuts out of a few frames around one true track, its outline in white.
struct TrackStrip {
  struct Frame {
    std::string name;
    Image truth, prediction;
    bool switched = false;  ///< another predicted track takes over here
  };
  std::vector<Frame> frames;
};

/// Frames spread over the track, those around its switches first.
std::vector<std::size_t> choose_frames(const TrackSummary& track, std::size_t most);

TrackStrip draw_track(const TrackQuality& track, std::size_t most_frames);

}  // namespace tessera
