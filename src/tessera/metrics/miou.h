#pragma once

#include <vector>

#include "tessera/metrics/class_quality.h"
#include "tessera/metrics/class_scores.h"
#include "tessera/metrics/metric.h"
#include "tessera/metrics/pair_count.h"

namespace tessera {

/// Whose rules a mean intersection over union follows.
enum class MiouRules {
  kVideoKNet,  ///< eval_miou: absent classes count 0, and the mean of the others is given too
  kMmseg,      ///< mmsegmentation's table of scores; absent classes do not count
};

/// Mean intersection over union of a semantic segmentation. Ground truth and prediction hold a
/// class a pixel; what the ground truth does not label is left out, and a predicted value that is
/// no class is a miss.
class MeanIou : public Metric {
 public:
  MeanIou(std::vector<Category> categories, int ignore_label,
          MiouRules rules = MiouRules::kVideoKNet);

  /// Error when the ground truth has a value that is neither a class nor the ignored one; by
  /// mmseg's rules such pixels still count as predicted.
  void add(const PairTable& pairs);

  const std::vector<Category>& categories() const { return categories_; }
  int ignore_label() const { return ignore_label_; }
  ClassAreas areas() const;
  /// NaN for a class in neither.
  std::vector<double> class_ious() const;
  /// The mean over the classes that are present.
  double mean_of_present() const;

  Report report() const override;
  void merge(const Metric& other) override;
  nlohmann::json save() const override;
  static std::unique_ptr<Metric> restore(const nlohmann::json& saved);

 private:
  std::size_t columns() const { return categories_.size() + 1; }
  Report videoknet_report() const;
  Report mmseg_report() const;
  void add_confusion(Report& report) const;

  std::vector<Category> categories_;
  int ignore_label_;
  MiouRules rules_;
  std::int64_t pictures_ = 0;
  std::vector<std::int64_t> confusion_;  ///< row = ground truth; the last column is "no class"
  std::vector<std::int64_t> elsewhere_;  ///< predicted where the ground truth has no known class
};

}  // namespace tessera
