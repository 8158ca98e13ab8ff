#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

/// Average precision and recall of scored detections (pycocotools' COCOeval): matching in a picture
/// and accumulation over pictures. What a detection is (box, mask, track) only shows in the IoUs.
namespace tessera {

/// Bounds of an object's area, both included.
struct AreaRange {
  std::string name;
  double least = 0, most = 0;
};

struct ApSettings {
  std::vector<double> iou_thresholds;  ///< rising; 16 at most
  std::vector<AreaRange> areas;
  std::vector<int> detection_limits;  ///< best detections of a class counted in a picture; rising
};
/// Ten thresholds from .5 to .95; all, small, medium and large; the best 1, 10 and 100.
ApSettings coco_ap_settings();

/// A ground truth object.
struct ApObject {
  double area = 0;
  bool crowd = false;  ///< may be matched many times, and neither counts nor costs anything
};

struct ApDetection {
  double score = 0;
  double area = 0;
};

/// The places of the best `limit` scores, best first; equal scores stay in order.
std::vector<int> best_detections(std::span<const double> scores, int limit);

/// AP and recall of one class: values are [area][detection limit][IoU threshold], -1 where the
/// class has no object.
class ClassAp {
 public:
  using Values = std::vector<std::vector<std::vector<double>>>;
  Values precision;  ///< mean over the 101 recall points
  Values recall;     ///< at the last detection
};

/// The mean over classes and the thresholds in [first, last), without the -1; -1 if nothing is
/// left.
double mean_ap(std::span<const ClassAp> classes, ClassAp::Values ClassAp::*values, int area,
               int limit, int first_threshold, int last_threshold);

/// Counts the detections of a data set. Adding and merging in any order gives the very same result.
class DetectionAp {
 public:
  DetectionAp(ApSettings settings, std::vector<std::int64_t> categories);

  /// One class in one picture (or video): `detections` as best_detections orders and cuts them, and
  /// ious [detections, objects]. Ties of scores are settled by the order of `picture`.
  void add(std::int64_t picture, std::int64_t category, std::span<const ApObject> objects,
           std::span<const ApDetection> detections, std::span<const double> ious);
  void merge(const DetectionAp& other);
  nlohmann::json save() const;
  /// What save() gave, for the same settings.
  static DetectionAp restore(ApSettings settings, const nlohmann::json& saved);

  const ApSettings& settings() const { return settings_; }
  const std::vector<std::int64_t>& categories() const { return categories_; }
  /// A class an entry, in the order of categories().
  std::vector<ClassAp> classes(int threads = 1) const;

 private:
  /// What became of a detection: a bit for each threshold.
  struct Outcome {
    std::uint16_t matched = 0, ignored = 0;
  };
  struct Record {
    double score;
    std::int64_t picture;
    int rank;  ///< among the class's detections in the picture
  };
  struct Counts {
    std::vector<Record> records;
    std::vector<std::vector<Outcome>> outcomes;  ///< [area][record]
    std::vector<std::int64_t> objects;           ///< [area]: those that count
  };

  Counts& counts_of(std::int64_t category);
  ClassAp accumulate(const Counts& counts) const;

  ApSettings settings_;
  std::vector<std::int64_t> categories_;
  std::vector<Counts> counts_;
};

/// The twelve numbers of COCO's summary.
struct ApSummaryLine {
  std::string name;  ///< "AP", "AP50", ..., "ARl"
  std::string text;  ///< the line that the official program prints
  double value = -1;
};
std::vector<ApSummaryLine> summarize_ap(const ApSettings& settings,
                                        std::span<const ClassAp> classes);

}  // namespace tessera
