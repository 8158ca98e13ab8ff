#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tessera/metrics/exact_sum.h"

/// The counts behind panoptic quality and what is averaged from them; shared by PQ and VPQ.
namespace tessera {

/// A category of the data set.
struct Category {
  int id = 0;
  std::string name;
  bool thing = false;
  friend bool operator==(const Category&, const Category&) = default;
};
nlohmann::json save_categories(const std::vector<Category>& categories);
std::vector<Category> restore_categories(const nlohmann::json& saved);

/// Matched and unmatched segments of one class, and the IoUs of the matched ones.
struct ClassQuality {
  std::int64_t tp = 0, fp = 0, fn = 0;
  ExactSum iou;
  friend bool operator==(const ClassQuality&, const ClassQuality&) = default;
};

/// By category id; classes without counts may be absent.
class ClassQualities {
 public:
  ClassQuality& of(int category) { return classes_[category]; }
  /// Zeros for an absent class.
  ClassQuality at(int category) const;
  void merge(const ClassQualities& other);
  const std::map<int, ClassQuality>& classes() const { return classes_; }

  nlohmann::json save() const;
  static ClassQualities restore(const nlohmann::json& saved);

 private:
  std::map<int, ClassQuality> classes_;
};

/// PQ = SQ * RQ (Kirillov et al., "Panoptic Segmentation", eq. 1). A class without any segment has
/// zeros.
struct Quality {
  double pq = 0, sq = 0, rq = 0;
};

/// panopticapi's arithmetic: PQ = iou / (tp + fp/2 + fn/2).
Quality coco_quality(const ClassQuality& counts);
/// Video K-Net's arithmetic: with 1e-10 added to both denominators.
Quality videoknet_quality(const ClassQuality& counts);

/// The mean over the n classes that have any segment; NaN when there are none.
struct MeanQuality {
  double pq = 0, sq = 0, rq = 0;
  int n = 0;
};

/// All, Things and Stuff as panopticapi averages them.
struct CocoAverages {
  MeanQuality all, things, stuff;
};
CocoAverages coco_averages(const ClassQualities& counts, const std::vector<Category>& categories);

/// PQ over all classes, things and stuff as Video K-Net averages them: absent classes count 0.
struct VideoKNetAverages {
  double all = 0, things = 0, stuff = 0;  ///< in percent
};
VideoKNetAverages videoknet_averages(const ClassQualities& counts,
                                     const std::vector<Category>& categories);

}  // namespace tessera
