#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "tessera/image/rle.h"
#include "tessera/metrics/ap_report.h"
#include "tessera/metrics/detection_ap.h"
#include "tessera/metrics/metric.h"

namespace tessera {

/// An object or a detection in a picture.
struct CocoInstance {
  std::int64_t category = 0;
  double area = 0;
  Box box;
  Rle mask;            ///< may stay empty when only boxes are compared
  bool crowd = false;  ///< of objects
  double score = 0;    ///< of detections
};

/// COCO's average precision and recall of boxes ("bbox"), masks ("segm"), or both.
class CocoAp : public Metric {
 public:
  CocoAp(std::vector<ApCategory> categories, std::vector<std::string> iou_types);

  /// One picture; every picture of the data set is added once. Its id settles ties of scores.
  void add(std::int64_t picture, std::span<const CocoInstance> objects,
           std::span<const CocoInstance> detections);

  Report report() const override;
  void merge(const Metric& other) override;
  nlohmann::json save() const override;
  static std::unique_ptr<Metric> restore(const nlohmann::json& saved);

 private:
  struct Part {
    std::string iou_type;
    DetectionAp ap;
  };

  std::vector<ApCategory> categories_;  ///< by id
  std::vector<Part> parts_;
};

}  // namespace tessera
