#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tessera/image/rle.h"
#include "tessera/metrics/metric.h"

/// Multi-object tracking and segmentation: CLEAR (sMOTSA, MOTSA, MOTSP), IDF1 and HOTA, as
/// TrackEval.
namespace tessera {

/// A mask with an identity in one frame.
struct MotsObject {
  std::int64_t id = 0;
  Rle mask;
};

/// Objects against detections in one frame, both by their identity; `similarity` is [objects,
/// detections].
struct MotsFrame {
  std::vector<std::int64_t> objects, detections;
  std::vector<double> similarity;
};

/// Compares masks of one class. Detections that match no object and lie mostly in the `ignored`
/// region are dropped.
MotsFrame compare_frame(const std::vector<MotsObject>& objects,
                        const std::vector<MotsObject>& detections, const Rle& ignored);

constexpr int kHotaAlphas = 19;
/// 0.05 to 0.95.
double hota_alpha(int index);

struct MotsCounts {
  std::int64_t dets = 0, gt_dets = 0, ids = 0, gt_ids = 0, frames = 0;
};

struct ClearCounts {
  std::int64_t tp = 0, fn = 0, fp = 0, id_switches = 0, frames = 0;
  std::int64_t mostly_tracked = 0, partly_tracked = 0, mostly_lost = 0;
  std::int64_t fragments = 0;
  double motp_sum = 0;
  /// Without objects or detections the official program leaves every ratio at 0 but MLR, which
  /// is 1.
  bool empty = true;
};

struct IdentityCounts {
  std::int64_t tp = 0, fn = 0, fp = 0;
};

struct HotaCounts {
  std::array<double, kHotaAlphas> tp = {}, fn = {}, fp = {};
  std::array<double, kHotaAlphas> ass_a = {}, ass_re = {}, ass_pr = {}, loc_a = {};
};

struct MotsScores {
  MotsCounts counts;
  ClearCounts clear;
  IdentityCounts identity;
  HotaCounts hota;
};

/// Scores one class of one sequence.
MotsScores score_tracks(const std::vector<MotsFrame>& frames);

/// Sequences and classes of a data set.
class MotsMetric : public Metric {
 public:
  explicit MotsMetric(std::vector<std::string> classes) : classes_(std::move(classes)) {}

  /// One sequence, a score a class; `order` is its place in the data set.
  void add(std::size_t order, const std::string& name, std::vector<MotsScores> scores);

  Report report() const override;
  void merge(const Metric& other) override;
  nlohmann::json save() const override;
  static std::unique_ptr<Metric> restore(const nlohmann::json& saved);

 private:
  struct Sequence {
    std::string name;
    std::vector<MotsScores> scores;  ///< [class]
  };

  std::vector<std::string> classes_;
  std::map<std::size_t, Sequence> sequences_;  ///< by place in the data set
};

}  // namespace tessera
