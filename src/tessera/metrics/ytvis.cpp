#include "tessera/metrics/ytvis.h"

#include <algorithm>
#include <utility>

#include "tessera/core/error.h"

namespace tessera {
namespace {

constexpr const char* kIouType = "segm";

ApSettings ytvis_ap_settings() {
  ApSettings settings = coco_ap_settings();
  settings.areas = {{"all", 0, 1e10},
                    {"small", 0, 128.0 * 128},
                    {"medium", 128.0 * 128, 256.0 * 256},
                    {"large", 256.0 * 256, 1e10}};
  return settings;
}

}  // namespace

double mean_visible_area(std::span<const double> areas) {
  double sum = 0;
  int frames = 0;
  for (const double area : areas) {
    sum += area;
    frames += area != 0;
  }
  return frames == 0 ? 0.0 : sum / frames;
}

double track_iou(const Track& a, const Track& b) {
  std::uint64_t intersection = 0, whole = 0;
  for (std::size_t i = 0; i < std::min(a.masks.size(), b.masks.size()); ++i) {
    const std::uint64_t area_a = a.masks[i] ? rle_area(*a.masks[i]) : 0;
    const std::uint64_t area_b = b.masks[i] ? rle_area(*b.masks[i]) : 0;
    const std::uint64_t both =
        area_a > 0 && area_b > 0 ? rle_intersection_area(*a.masks[i], *b.masks[i]) : 0;
    intersection += both;
    whole += area_a + area_b - both;
  }
  return whole == 0 ? 0.0 : static_cast<double>(intersection) / static_cast<double>(whole);
}

YtvisAp::YtvisAp(std::vector<ApCategory> categories)
    : categories_(sorted_by_id(std::move(categories))),
      ap_(ytvis_ap_settings(), ids_of(categories_)) {}

void YtvisAp::add(std::int64_t video, std::span<const Track> objects,
                  std::span<const Track> detections) {
  add_by_class(ap_, video, objects, detections, [](const auto& found, const auto& truth) {
    std::vector<double> ious;
    ious.reserve(found.size() * truth.size());
    for (const Track* detection : found)
      for (const Track* object : truth) ious.push_back(track_iou(*detection, *object));
    return ious;
  });
}

Report YtvisAp::report() const {
  Report report;
  report_ap(ap_, categories_, kIouType, "YouTube-VIS tracks", report);
  return report;
}

void YtvisAp::merge(const Metric& other) {
  const auto* theirs = dynamic_cast<const YtvisAp*>(&other);
  if (theirs == nullptr) fail("results of different metrics cannot be merged");
  ap_.merge(theirs->ap_);
}

nlohmann::json YtvisAp::save() const {
  return {{"categories", save_ap_categories(categories_)}, {"counts", ap_.save()}};
}

std::unique_ptr<Metric> YtvisAp::restore(const nlohmann::json& saved) {
  auto restored = std::make_unique<YtvisAp>(restore_ap_categories(saved.at("categories")));
  restored->ap_ = DetectionAp::restore(ytvis_ap_settings(), saved.at("counts"));
  return restored;
}

}  // namespace tessera
