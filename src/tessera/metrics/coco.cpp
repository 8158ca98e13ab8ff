#include "tessera/metrics/coco.h"

#include <utility>

#include "tessera/core/error.h"
#include "tessera/metrics/box_iou.h"

namespace tessera {
namespace {

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

}  // namespace

CocoAp::CocoAp(std::vector<ApCategory> categories, std::vector<std::string> iou_types)
    : categories_(sorted_by_id(std::move(categories))) {
  for (const std::string& type : iou_types) {
    if (type != "segm" && type != "bbox")
      throw UsageError(fmt::format("unknown IoU type '{}'; there are segm, bbox", type));
    parts_.push_back({type, DetectionAp(coco_ap_settings(), ids_of(categories_))});
  }
}

void CocoAp::add(std::int64_t picture, std::span<const CocoInstance> objects,
                 std::span<const CocoInstance> detections) {
  for (Part& part : parts_)
    add_by_class(part.ap, picture, objects, detections, [&](const auto& found, const auto& truth) {
      return pair_ious(part.iou_type, found, truth);
    });
}

Report CocoAp::report() const {
  Report report;
  for (const Part& part : parts_)
    report_ap(part.ap, categories_, part.iou_type, "COCO " + part.iou_type, report);
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
  nlohmann::json parts = nlohmann::json::array();
  for (const Part& part : parts_)
    parts.push_back({{"iou_type", part.iou_type}, {"counts", part.ap.save()}});
  return {{"categories", save_ap_categories(categories_)}, {"parts", parts}};
}

std::unique_ptr<Metric> CocoAp::restore(const nlohmann::json& saved) {
  auto restored = std::make_unique<CocoAp>(restore_ap_categories(saved.at("categories")),
                                           std::vector<std::string>());
  for (const auto& part : saved.at("parts"))
    restored->parts_.push_back(
        {part.at("iou_type"), DetectionAp::restore(coco_ap_settings(), part.at("counts"))});
  return restored;
}

}  // namespace tessera
