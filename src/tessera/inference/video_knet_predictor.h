#pragma once

#include <vector>

#include "tessera/inference/network_input.h"
#include "tessera/inference/video_predictor.h"
#include "tessera/models/video_knet/video_knet.h"
#include "tessera/tracking/overlap_tracker.h"

namespace tessera {

/// What happened on the way to a frame's segments.
struct VideoKNetFrameTrace {
  KNetOutput output;
  MergedMap merged;
  std::vector<std::size_t> things;  ///< the merged segments that are things, in their order
  std::vector<TrackedDetection> detections;  ///< of each of `things`
  TrackMatches matches;
};

/// Video K-Net on one frame after another. Between frames it keeps the last kernels and the
/// tracker's memory.
class VideoKNetPredictor : public VideoPredictor {
 public:
  /// Sets the network to evaluation. Its things are the first of `classes` that are things.
  VideoKNetPredictor(VideoKNet net, VideoTestOptions test, const std::vector<ClassInfo>& classes,
                     int threads);

  void start_sequence() override;
  PanopticMap predict(const Image& picture, int frame) override;
  void save_state(const std::filesystem::path& path) const override;
  void load_state(const std::filesystem::path& path) override;

  /// As predict(); `trace` takes what happened on the way.
  PanopticMap predict(const Image& picture, int frame, VideoKNetFrameTrace* trace);
  const QuasiDenseTracker& tracker() const { return tracker_; }

 private:
  std::vector<TrackedDetection> find_detections(const MergedMap& merged,
                                                const std::vector<std::size_t>& things,
                                                const KNetOutput& output, const Geometry& geometry);
  /// The track of each of the `things`, 0 for none.
  std::vector<std::int64_t> tracks_of(std::size_t things, const TrackMatches& matches) const;
  std::vector<std::int64_t> track_by_overlap(const MergedMap& merged,
                                             const std::vector<std::size_t>& things);

  VideoKNet net_;
  VideoTestOptions test_;
  ClassOrder order_;
  int threads_;
  torch::Tensor previous_kernels_;
  QuasiDenseTracker tracker_;
  OverlapTracker overlap_tracker_;
};

}  // namespace tessera
