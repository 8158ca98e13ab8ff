#pragma once

#include <cstddef>
#include <map>
#include <vector>

#include "tessera/metrics/frame_view.h"
#include "tessera/metrics/pair_count.h"

namespace tessera {

/// Follows the tracks of a sequence and says how each true one was found.
class TrackRecorder {
 public:
  /// Frames in order. The values of `pairs` are tracks; 0 is none.
  void add(std::size_t frame, const PairTable& pairs);
  /// By id.
  std::vector<TrackSummary> tracks() const;

 private:
  struct Track {
    std::int64_t pixels = 0;
    std::uint32_t follower = 0;  ///< the predicted track that covered most of it last
    std::map<std::uint32_t, std::int64_t> overlaps;
    std::vector<std::size_t> frames, switches;
  };

  std::map<std::uint32_t, Track> tracks_;
  std::map<std::uint32_t, std::int64_t> predicted_pixels_;
};

}  // namespace tessera
