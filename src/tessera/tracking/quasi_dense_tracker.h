#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

namespace tessera {

/// Corners of a box in pixels.
struct TrackBox {
  float left = 0, top = 0, right = 0, bottom = 0;
};

/// An object of one frame, to be recognised.
struct TrackedDetection {
  TrackBox box;
  float score = 0;
  int label = 0;
  std::vector<float> embedding;
};

struct QuasiDenseTrackerOptions {
  enum class Similarity {
    kBisoftmax,  ///< the mean of the softmax over the memory and that over the detections
    kSoftmax,    ///< over the memory alone
    kCosine,
  };
  float new_track_score = 0.35F;       ///< detections above start a track
  float known_track_score = 0.3F;      ///< detections above take up a track
  float match_similarity = 0.5F;       ///< least similarity of a match
  float weak_match_similarity = 0.5F;  ///< above, a detection too weak for a track is dropped
  int track_memory = 5;                ///< frames after which a lost track is forgotten
  int backdrop_memory = 1;             ///< frames whose unmatched detections are remembered
  float momentum = 0.8F;               ///< the new embedding's share in a track's
  float backdrop_overlap = 0.3F;       ///< boxes of weak detections above are duplicates
  float duplicate_overlap = 0.7F;      ///< boxes of other detections above are duplicates
  bool same_class = true;              ///< matches only within a class
  Similarity similarity = Similarity::kBisoftmax;
  float overlap_weight = 0;       ///< of the overlap of boxes, which is added to the similarity
  bool move_boxes = false;        ///< before that, a track's box goes on as it has moved
  bool best_pairs_first = false;  ///< else the detection of the highest score chooses first
};

/// What became of the detections of a frame.
struct TrackMatches {
  static constexpr std::int64_t kUntracked = -1;
  static constexpr std::int64_t kWeak = -2;  ///< looks like a known track, but too weak to be it
  /// The detections that are no duplicates, in descending score.
  std::vector<std::size_t> kept;
  /// The track of each of `kept`: from 0, never used twice, or one of the constants.
  std::vector<std::int64_t> ids;
};

/// The quasi-dense embedding tracker (QDTrack) as Video K-Net uses it: objects are matched to
/// tracks by their embeddings; what matches nothing waits as backdrop so that it does not match a
/// track.
class QuasiDenseTracker {
 public:
  struct Track {
    std::int64_t id = 0;
    TrackBox box;
    float score = 0;
    int label = 0;
    int last_frame = 0;
    std::vector<float> embedding;
    float motion_x = 0, motion_y = 0;  ///< of the box's middle, pixels a frame
  };

  explicit QuasiDenseTracker(const QuasiDenseTrackerOptions& options = {}) : options_(options) {}

  /// `frame` counts up; gaps are frames in which tracks were not seen.
  TrackMatches match(std::span<const TrackedDetection> detections, int frame);

  /// The remembered tracks, oldest first.
  const std::vector<Track>& tracks() const { return tracks_; }
  /// The remembered backdrops of frames, newest first.
  const std::deque<std::vector<TrackedDetection>>& backdrops() const { return backdrops_; }
  std::int64_t next_id() const { return next_id_; }

  /// What match() depends on, to go on elsewhere.
  struct State {
    std::vector<Track> tracks;
    std::deque<std::vector<TrackedDetection>> backdrops;
    std::int64_t next_id = 0;
  };
  State state() const { return {tracks_, backdrops_, next_id_}; }
  void restore(State state);

 private:
  std::vector<std::size_t> without_duplicates(std::span<const TrackedDetection> detections) const;
  void assign(std::span<const TrackedDetection> detections, TrackMatches& matches, int frame) const;
  void remember(std::span<const TrackedDetection> detections, const TrackMatches& matches,
                int frame);

  QuasiDenseTrackerOptions options_;
  std::vector<Track> tracks_;
  std::deque<std::vector<TrackedDetection>> backdrops_;
  std::int64_t next_id_ = 0;
};

/// Intersection over union, sides counted as differences of corners.
float box_overlap(const TrackBox& a, const TrackBox& b);

}  // namespace tessera
