#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "tessera/metrics/class_quality.h"
#include "tessera/metrics/metric.h"
#include "tessera/metrics/pair_count.h"

namespace tessera {

struct StqSettings {
  std::vector<Category> categories;  ///< ids 0..n-1; things are those with tubes
  int ignore_label = 255;
  /// Leave pixels that the ground truth does not label out altogether (Video K-Net's driver);
  /// otherwise predictions there still make a predicted tube larger (deeplab2).
  bool mask_ignored = false;
};

/// Segmentation and tracking quality (Weber et al., "STEP", eqs. 3-6): STQ = sqrt(AQ * SQ), AQ over
/// tubes, SQ the mean IoU of the classes. Ids are class << 16 | instance.
class SegmentationTrackingQuality : public Metric {
 public:
  explicit SegmentationTrackingQuality(StqSettings settings);

  /// The following frames belong to this sequence; `order` is its place in the data set and `id`
  /// what the report calls it (a number or a name).
  void begin_sequence(std::size_t order, const nlohmann::json& id);
  /// Frames in any order. An Error says what is wrong with the frame.
  void add_frame(const PairTable& pairs);

  Report report() const override;
  void merge(const Metric& other) override;
  nlohmann::json save() const override;
  static std::unique_ptr<Metric> restore(const nlohmann::json& saved);

 private:
  struct Sequence {
    nlohmann::json id;
    std::int64_t frames = 0;
    std::vector<std::int64_t> confusion;  ///< row = ground truth; the last class is "unlabelled"
    std::map<std::uint32_t, std::int64_t> gt_sizes, pred_sizes;
    std::map<std::uint32_t, std::map<std::uint32_t, std::int64_t>> overlaps;  ///< by gt, then pred
  };

  std::size_t class_index(std::uint32_t id, const char* side) const;
  bool is_thing(std::uint32_t id) const;
  std::size_t classes() const { return settings_.categories.size() + 1; }
  /// The sum over ground-truth tubes that AQ is the mean of.
  static double association_sum(const Sequence& sequence);
  /// Per class, NaN where absent.
  std::vector<double> class_ious(const std::vector<std::int64_t>& confusion) const;
  nlohmann::ordered_json state_json(const Sequence& sequence) const;

  StqSettings settings_;
  std::map<std::size_t, Sequence> sequences_;
  Sequence* current_ = nullptr;
};

}  // namespace tessera
