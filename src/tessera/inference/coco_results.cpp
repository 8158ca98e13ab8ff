#include "tessera/inference/coco_results.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>

#include "tessera/image/image_io.h"
#include "tessera/image/rle.h"

namespace tessera {
namespace {

std::filesystem::path with_ending(const std::filesystem::path& prefix, const char* ending) {
  return prefix.string() + ending;
}

std::string comma(bool& first) { return std::exchange(first, false) ? "" : ", "; }

}  // namespace

std::string coco_image_id(const std::string& name) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  const bool is_number = error == std::errc() && end == name.data() + name.size() && number >= 0;
  return is_number ? std::to_string(number) : nlohmann::json(name).dump();
}

CocoInstanceWriter::CocoInstanceWriter(const std::filesystem::path& prefix,
                                       std::vector<ClassInfo> classes)
    : classes_(std::move(classes)),
      segm_(with_ending(prefix, ".segm.json")),
      bbox_(with_ending(prefix, ".bbox.json")) {
  segm_.write("[");
  bbox_.write("[");
}

void CocoInstanceWriter::add(const std::string& image_name,
                             const std::vector<PredictedInstance>& instances) {
  std::vector<const PredictedInstance*> by_class;
  for (const auto& instance : instances) by_class.push_back(&instance);
  std::stable_sort(by_class.begin(), by_class.end(),
                   [](const auto* a, const auto* b) { return a->label < b->label; });
  const std::string id = coco_image_id(image_name);
  for (const PredictedInstance* instance : by_class) {
    const std::string head = fmt::format(
        R"({}{{"image_id": {}, "bbox": [0.0, 0.0, 0.0, 0.0], "score": {}, )"
        R"("category_id": {})",
        comma(first_), id, static_cast<double>(instance->score), classes_[instance->label].id);
    bbox_.write(head + "}");
    segm_.write(fmt::format(R"({}, "segmentation": {{"size": [{}, {}], "counts": {}}}}})", head,
                            instance->mask.size.height, instance->mask.size.width,
                            nlohmann::json(rle_to_string(instance->mask)).dump()));
  }
}

void CocoInstanceWriter::finish() {
  for (AtomicFile* file : {&segm_, &bbox_}) {
    file->write("]");
    file->commit();
  }
}

CocoPanopticWriter::CocoPanopticWriter(const std::filesystem::path& prefix,
                                       std::vector<ClassInfo> classes)
    : classes_(std::move(classes)),
      folder_(prefix.parent_path() / "panoptic"),
      json_(with_ending(prefix, ".panoptic.json")) {
  json_.write(R"({"annotations": [)");
}

void CocoPanopticWriter::add(const std::string& image_name, const PanopticPrediction& prediction) {
  IdMap ids(prediction.ids.size(), 1);
  std::transform(
      prediction.ids.values().begin(), prediction.ids.values().end(), ids.values().begin(),
      [](std::int32_t id) { return id == kVoidSegment ? 0U : static_cast<std::uint32_t>(id); });
  const auto path = folder_ / (image_name + ".png");
  make_directories(path.parent_path());
  write_id_png(path, ids);
  auto segments = prediction.segments;
  std::sort(segments.begin(), segments.end(),
            [](const auto& a, const auto& b) { return a.id < b.id; });
  std::string list;
  for (const auto& segment : segments)
    list += fmt::format(R"({}{{"id": {}, "category_id": {}, "isthing": {}, "area": {}}})",
                        list.empty() ? "" : ", ", segment.id, classes_[segment.label].id,
                        static_cast<int>(classes_[segment.label].is_thing), segment.area);
  json_.write(fmt::format(R"({}{{"image_id": {}, "segments_info": [{}], "file_name": {}}})",
                          comma(first_), coco_image_id(image_name), list,
                          nlohmann::json(image_name + ".png").dump()));
}

void CocoPanopticWriter::finish() {
  json_.write("]}");
  json_.commit();
}

}  // namespace tessera
