#include "tessera/metrics/track_recorder.h"

namespace tessera {

void TrackRecorder::add(std::size_t frame, const PairTable& pairs) {
  struct Here {
    std::int64_t pixels = 0, most = 0;
    std::uint32_t follower = 0;
  };
  std::map<std::uint32_t, Here> visible;
  for (const PairCount& pair : pairs) {
    if (pair.pred != 0) predicted_pixels_[pair.pred] += pair.count;
    if (pair.gt == 0) continue;
    Here& here = visible[pair.gt];
    here.pixels += pair.count;
    if (pair.pred == 0) continue;
    tracks_[pair.gt].overlaps[pair.pred] += pair.count;
    if (pair.count > here.most) {
      here.most = pair.count;
      here.follower = pair.pred;
    }
  }
  for (const auto& [id, here] : visible) {
    Track& track = tracks_[id];
    track.pixels += here.pixels;
    track.frames.push_back(frame);
    // Slivers of neighbours at the border are no identity.
    if (2 * here.most <= here.pixels) continue;
    if (track.follower != 0 && track.follower != here.follower) track.switches.push_back(frame);
    track.follower = here.follower;
  }
}

std::vector<TrackSummary> TrackRecorder::tracks() const {
  std::vector<TrackSummary> summaries;
  for (const auto& [id, track] : tracks_) {
    double sum = 0;
    for (const auto& [pred, count] : track.overlaps) {
      const auto whole = track.pixels + predicted_pixels_.at(pred) - count;
      sum += static_cast<double>(count) * static_cast<double>(count) / static_cast<double>(whole);
    }
    summaries.push_back(
        {id, track.pixels, sum / static_cast<double>(track.pixels), track.frames, track.switches});
  }
  return summaries;
}

}  // namespace tessera
