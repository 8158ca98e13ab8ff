#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "tessera/metrics/detection_ap.h"
#include "tessera/metrics/metric.h"

/// What COCO and YouTube-VIS evaluation share around DetectionAp.
namespace tessera {

struct ApCategory {
  std::int64_t id = 0;
  std::string name;
};

std::vector<ApCategory> sorted_by_id(std::vector<ApCategory> categories);
std::vector<std::int64_t> ids_of(std::span<const ApCategory> categories);

nlohmann::json save_ap_categories(std::span<const ApCategory> categories);
std::vector<ApCategory> restore_ap_categories(const nlohmann::json& saved);

/// Adds the official summary and the classes of one IoU type to `report`.
void report_ap(const DetectionAp& ap, std::span<const ApCategory> categories,
               const std::string& iou_type, const std::string& title, Report& report);

/// Adds the objects and detections of one picture or video, class by class. T has category, area,
/// crowd and score; ious(detections, objects) gives the IoUs [detections, objects] of those that
/// count.
template <class T, class Ious>
void add_by_class(DetectionAp& ap, std::int64_t unit, std::span<const T> objects,
                  std::span<const T> detections, const Ious& ious) {
  struct OfClass {
    std::vector<const T*> objects, detections;
  };
  std::map<std::int64_t, OfClass> classes;
  for (const T& object : objects) classes[object.category].objects.push_back(&object);
  for (const T& detection : detections)
    classes[detection.category].detections.push_back(&detection);
  for (const auto& [category, found] : classes) {
    std::vector<double> scores;
    for (const T* detection : found.detections) scores.push_back(detection->score);
    std::vector<ApObject> ap_objects;
    for (const T* object : found.objects) ap_objects.push_back({object->area, object->crowd});
    std::vector<const T*> best;
    std::vector<ApDetection> ap_detections;
    for (const int i : best_detections(scores, ap.settings().detection_limits.back())) {
      best.push_back(found.detections[static_cast<std::size_t>(i)]);
      ap_detections.push_back({best.back()->score, best.back()->area});
    }
    ap.add(unit, category, ap_objects, ap_detections, ious(best, found.objects));
  }
}

}  // namespace tessera
