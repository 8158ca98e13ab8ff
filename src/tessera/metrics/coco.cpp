#include "tessera/metrics/coco.h"

#include <algorithm>
#include <map>
#include <utility>

#include "tessera/core/error.h"
#include "tessera/metrics/box_iou.h"

namespace tessera {
namespace {

constexpr int kAll = 0;  // the area range of all objects

/// IoUs [detections, objects] of one class in one picture.
std::vector<double> pair_ious(const std::string& iou_type,
                              const std::vector<const CocoInstance*>& detections,
                              const std::vector<const CocoInstance*>& objects) {
  std::vector<double> ious;
  ious.reserve(detections.size() * objects.size());
  if (iou_type == "bbox") {
    for (const CocoInstance* detection : detections)
      for (const CocoInstance* object : objects)
        ious.push_back(box_iou(detection->box, object->box, object->crowd));
    return ious;
  }
  std::vector<Box> object_boxes;
  for (const CocoInstance* object : objects) object_boxes.push_back(rle_box(object->mask));
  for (const CocoInstance* detection : detections) {
    const Box box = rle_box(detection->mask);
    for (std::size_t i = 0; i < objects.size(); ++i)
      ious.push_back(box_iou(box, object_boxes[i]) > 0
                         ? rle_iou(detection->mask, objects[i]->mask, objects[i]->crowd)
                         : 0.0);
  }
  return ious;
}

/// What is reported of one class.
nlohmann::ordered_json describe_class(const ApSettings& settings, const CocoCategory& category,
                                      const ClassAp& values) {
  nlohmann::ordered_json json = {{"name", category.name}};
  for (const ApSummaryLine& line : summarize_ap(settings, {&values, 1}))
    json[line.name] = line.value;
  json["AP_per_iou"] = values.precision[kAll].back();
  json["recall_per_iou"] = values.recall[kAll].back();
  return json;
}

}  // namespace

CocoAp::CocoAp(std::vector<CocoCategory> categories, std::vector<std::string> iou_types)
    : categories_(std::move(categories)) {
  std::sort(categories_.begin(), categories_.end(),
            [](const CocoCategory& a, const CocoCategory& b) { return a.id < b.id; });
  std::vector<std::int64_t> ids;
  for (const CocoCategory& category : categories_) ids.push_back(category.id);
  for (const std::string& type : iou_types) {
    if (type != "segm" && type != "bbox")
      throw UsageError(fmt::format("unknown IoU type '{}'; there are segm, bbox", type));
    parts_.push_back({type, DetectionAp(coco_ap_settings(), ids)});
  }
}

void CocoAp::add(std::int64_t picture, std::span<const CocoInstance> objects,
                 std::span<const CocoInstance> detections) {
  struct OfClass {
    std::vector<const CocoInstance*> objects, detections;
  };
  std::map<std::int64_t, OfClass> classes;
  for (const CocoInstance& object : objects) classes[object.category].objects.push_back(&object);
  for (const CocoInstance& detection : detections)
    classes[detection.category].detections.push_back(&detection);
  for (const auto& [category, found] : classes) {
    std::vector<double> scores;
    for (const CocoInstance* detection : found.detections) scores.push_back(detection->score);
    std::vector<ApObject> ap_objects;
    for (const CocoInstance* object : found.objects)
      ap_objects.push_back({object->area, object->crowd});
    for (Part& part : parts_) {
      std::vector<const CocoInstance*> best;
      std::vector<ApDetection> ap_detections;
      for (const int i : best_detections(scores, part.ap.settings().detection_limits.back())) {
        best.push_back(found.detections[i]);
        ap_detections.push_back({best.back()->score, best.back()->area});
      }
      part.ap.add(picture, category, ap_objects, ap_detections,
                  pair_ious(part.iou_type, best, found.objects));
    }
  }
}

Report CocoAp::report() const {
  Report report;
  for (const Part& part : parts_) {
    const ApSettings& settings = part.ap.settings();
    const std::vector<ClassAp> classes = part.ap.classes();
    nlohmann::ordered_json& json = report.json[part.iou_type];
    Table summary{"", {"COCO " + part.iou_type}, {}};
    for (const ApSummaryLine& line : summarize_ap(settings, classes)) {
      json["stats"][line.name] = line.value;
      summary.rows.push_back({line.text});
    }
    Table per_class{part.iou_type + ", each class", {"class"}, {}};
    for (std::size_t c = 0; c < classes.size(); ++c) {
      json["per_class"][std::to_string(categories_[c].id)] =
          describe_class(settings, categories_[c], classes[c]);
      std::vector<std::string> row = {categories_[c].name};
      for (const ApSummaryLine& line : summarize_ap(settings, {&classes[c], 1})) {
        if (c == 0) per_class.header.push_back(line.name);
        row.push_back(format_number(line.value, 3));
      }
      per_class.rows.push_back(std::move(row));
    }
    report.tables.push_back(std::move(summary));
    report.tables.push_back(std::move(per_class));
  }
  return report;
}

void CocoAp::merge(const Metric& other) {
  const auto* theirs = dynamic_cast<const CocoAp*>(&other);
  if (theirs == nullptr || theirs->parts_.size() != parts_.size())
    fail("results of different metrics cannot be merged");
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    if (parts_[i].iou_type != theirs->parts_[i].iou_type)
      fail("results of {} and {} cannot be merged", parts_[i].iou_type, theirs->parts_[i].iou_type);
    parts_[i].ap.merge(theirs->parts_[i].ap);
  }
}

nlohmann::json CocoAp::save() const {
  nlohmann::json names = nlohmann::json::array(), parts = nlohmann::json::array();
  for (const CocoCategory& category : categories_) names.push_back({category.id, category.name});
  for (const Part& part : parts_)
    parts.push_back({{"iou_type", part.iou_type}, {"counts", part.ap.save()}});
  return {{"categories", names}, {"parts", parts}};
}

std::unique_ptr<Metric> CocoAp::restore(const nlohmann::json& saved) {
  std::vector<CocoCategory> categories;
  for (const auto& category : saved.at("categories"))
    categories.push_back({category.at(0), category.at(1)});
  auto restored = std::make_unique<CocoAp>(std::move(categories), std::vector<std::string>());
  for (const auto& part : saved.at("parts"))
    restored->parts_.push_back(
        {part.at("iou_type"), DetectionAp::restore(coco_ap_settings(), part.at("counts"))});
  return restored;
}

}  // namespace tessera
