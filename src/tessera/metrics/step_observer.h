#pragma once

#include <functional>
#include <vector>

#include "tessera/metrics/class_quality.h"
#include "tessera/metrics/step_files.h"
#include "tessera/metrics/track_recorder.h"

namespace tessera {

/// Tells the observers of an evaluation about the frames and tracks of a KITTI-STEP or VIPSeg tree.
class StepObserver {
 public:
  StepObserver(const EvalOptions& options, std::vector<Category> categories, int ignore_label)
      : options_(options), categories_(std::move(categories)), ignore_label_(ignore_label) {}

  /// Frames in order. `table` holds class << 16 | instance; `quality` is only asked when somebody
  /// listens.
  void add(const StepPair& pair, std::size_t frame, const PairTable& table,
           const std::function<double()>& quality);

 private:
  bool is_track(std::uint32_t id) const;

  const EvalOptions& options_;
  std::vector<Category> categories_;
  int ignore_label_;
  TrackRecorder recorder_;
  std::function<FrameView(std::size_t frame)> view_;  ///< of the sequence
};

}  // namespace tessera
