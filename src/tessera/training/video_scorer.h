#pragma once

#include <map>
#include <string>
#include <vector>

#include "tessera/data/dataset.h"
#include "tessera/image/panoptic_map.h"
#include "tessera/metrics/stq.h"
#include "tessera/metrics/vpq.h"
#include "tessera/training/task.h"

namespace tessera {

/// STQ and VPQ of tracked panoptic maps, without files: as `eval stq --variant deeplab2` and `eval
/// vpq` judge them.
class VideoScorer : public ValidationScorer {
 public:
  explicit VideoScorer(const std::vector<ClassInfo>& classes);

  /// `order` is the sequence's place in the data set.
  void begin_sequence(std::size_t order, const std::string& name);
  /// Frames of a sequence in order of time. Categories are class indexes; a track_id below 0 is
  /// none.
  void add(const PanopticMap& truth, const PanopticMap& predicted);
  /// The pairs of the frame that was added last, numbered as a TrackTimeline takes them.
  const PairTable& last_pairs() const { return last_pairs_; }
  /// STQ, AQ, SQ and VPQ (mean over the windows of 1 to 4 frames) in percent.
  Scores scores() const override;
  nlohmann::json save() const override;
  void merge(const nlohmann::json& saved) override;

 private:
  /// Class << 16 | track, with the tracks of each sequence numbered anew.
  using Numbers = std::map<std::int64_t, std::uint32_t>;
  IdMap encode(const PanopticMap& map, Numbers& numbers) const;

  const std::vector<ClassInfo>& classes_;
  SegmentationTrackingQuality stq_;
  VideoPanopticQuality vpq_;
  PairCounter counter_;
  PairTable last_pairs_;
  Numbers true_numbers_, predicted_numbers_;
};

}  // namespace tessera
