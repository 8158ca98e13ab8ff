#pragma once

#include <span>
#include <string>
#include <vector>

#include "tessera/image/panoptic_map.h"
#include "tessera/metrics/class_quality.h"
#include "tessera/metrics/metric.h"
#include "tessera/metrics/pair_count.h"

namespace tessera {

/// Counts one picture, or one video window taken as a tall picture, by panopticapi's rules:
///  - a ground-truth segment (no crowd) and a predicted one of its category match when IoU > 0.5,
///  void
///    (id 0) under the prediction being left out of the union;
///  - an unmatched prediction is dropped when more than half of it lies on void or on the last
///  crowd
///    of its category.
/// `gt[i].area` is the ground truth's own (COCO: the JSON's), `pred[i].area` counts pixels; both
/// lists have every id once. `table` says which ids overlap. Gives the largest IoU: above 1 only
/// when an area of the ground truth is wrong.
double match_segments(std::span<const Segment> gt, std::span<const Segment> pred,
                      const PairTable& table, ClassQualities& counts);

/// Checks a prediction as panopticapi does, and sets every predicted area to the pixels in `table`:
/// each id of the picture must be listed and each listed id must be in the picture.
void set_predicted_areas(std::vector<Segment>& pred, const PairTable& table);

/// Sets the areas of segments to their pixels, for maps that do not come from annotations.
void count_areas(PanopticMap& map);

/// Panoptic quality of still pictures (COCO panoptic; panopticapi's evaluation.py).
class PanopticQuality : public Metric {
 public:
  explicit PanopticQuality(std::vector<Category> categories);

  /// Adds one picture. Segment::category is one of the categories' ids; an Error says which is not.
  void add(const PanopticMap& gt, const PanopticMap& pred);
  /// The same for a frame whose pixels were counted elsewhere.
  void add(const std::vector<Segment>& gt, std::vector<Segment> pred, const PairTable& table);

  const std::vector<Category>& categories() const { return categories_; }
  const ClassQualities& counts() const { return counts_; }
  std::int64_t pictures() const { return pictures_; }

  Report report() const override;
  void merge(const Metric& other) override;
  nlohmann::json save() const override;
  static std::unique_ptr<Metric> restore(const nlohmann::json& saved);

 private:
  std::vector<Category> categories_;
  ClassQualities counts_;
  std::int64_t pictures_ = 0;
};

/// {"pq", "sq", "rq", "n"} of a mean, NaN as null.
nlohmann::ordered_json to_json(const MeanQuality& mean);
/// {"All", "Things", "Stuff", "per_class"} as the COCO protocol reports them.
nlohmann::ordered_json coco_report_json(const ClassQualities& counts,
                                        const std::vector<Category>& categories);
/// panopticapi's table and the one per class.
std::vector<Table> coco_report_tables(const std::string& title, const ClassQualities& counts,
                                      const std::vector<Category>& categories);
/// Error when a segment's category is none of `categories`, or an id is 0.
void check_categories(std::span<const Segment> segments, const std::vector<Category>& categories);

}  // namespace tessera
