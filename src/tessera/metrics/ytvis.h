#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tessera/image/rle.h"
#include "tessera/metrics/ap_report.h"

namespace tessera {

/// An object or a detection through a video: a mask in each frame, none where it is absent.
struct Track {
  std::int64_t category = 0;
  std::vector<std::optional<Rle>> masks;
  double area = 0;     ///< mean over the frames in which it shows
  bool crowd = false;  ///< of objects
  double score = 0;    ///< of detections
};

/// The mean area over the frames in which it is not 0; 0 when there are none.
double mean_visible_area(std::span<const double> areas);

/// Sum of the intersections over sum of the unions, over the frames that both tracks have.
double track_iou(const Track& a, const Track& b);

/// YouTube-VIS's average precision and recall over tracks (ytvoseval).
class YtvisAp : public Metric {
 public:
  explicit YtvisAp(std::vector<ApCategory> categories);

  /// One video; every video of the data set is added once. Its id settles ties of scores.
  void add(std::int64_t video, std::span<const Track> objects, std::span<const Track> detections);

  Report report() const override;
  void merge(const Metric& other) override;
  nlohmann::json save() const override;
  static std::unique_ptr<Metric> restore(const nlohmann::json& saved);

 private:
  std::vector<ApCategory> categories_;  ///< by id
  DetectionAp ap_;
};

}  // namespace tessera
