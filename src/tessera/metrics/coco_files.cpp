#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "tessera/core/error.h"
#include "tessera/core/json.h"
#include "tessera/core/log.h"
#include "tessera/core/thread_pool.h"
#include "tessera/metrics/annotation_json.h"
#include "tessera/metrics/coco.h"
#include "tessera/metrics/evaluate.h"
#include "tessera/metrics/view_observer.h"

namespace tessera {
namespace fs = std::filesystem;
namespace {

struct Picture {
  std::int64_t id = 0;
  Size size;  // of the masks; 0x0 when the file does not say
  bool mine = true;
  std::vector<CocoInstance> objects, detections;
};

/// The pictures of a data set by id, and the categories.
struct CocoData {
  std::vector<Picture> pictures;
  std::unordered_map<std::int64_t, std::size_t> place;
  std::vector<ApCategory> categories;
  std::unordered_set<std::int64_t> category_ids;
};

Box read_box(const JsonValue& entry) {
  const std::vector<double> values = entry.numbers("bbox");
  if (values.size() != 4) fail("bbox: expected 4 numbers, found {}", values.size());
  return {values[0], values[1], values[2], values[3]};
}

void read_pictures(const JsonFile& file, Shard shard, CocoData& data) {
  file.for_each("images", [&](const JsonValue& image, std::string_view) {
    Picture picture;
    picture.id = image.integer("id");
    if (image.find("width") && image.find("height"))
      picture.size = {static_cast<int>(image.integer("width")),
                      static_cast<int>(image.integer("height"))};
    data.pictures.push_back(std::move(picture));
  });
  if (data.pictures.empty()) fail("{}: there are no images", file.path().string());
  std::sort(data.pictures.begin(), data.pictures.end(),
            [](const Picture& a, const Picture& b) { return a.id < b.id; });
  for (std::size_t i = 0; i < data.pictures.size(); ++i) {
    data.pictures[i].mine = shard.takes(i);
    if (!data.place.emplace(data.pictures[i].id, i).second)
      fail("{}: image id {} comes twice", file.path().string(), data.pictures[i].id);
  }
}

Picture& picture_of(CocoData& data, const JsonValue& entry) {
  const std::int64_t id = entry.integer("image_id");
  const auto found = data.place.find(id);
  if (found == data.place.end()) fail("image_id {} is not in the ground truth's images", id);
  return data.pictures[found->second];
}

std::int64_t category_of(const CocoData& data, const JsonValue& entry) {
  const std::int64_t id = entry.integer("category_id");
  if (data.category_ids.count(id) == 0)
    fail("category_id {} is not in the ground truth's categories", id);
  return id;
}

void read_objects(const JsonFile& file, bool masks, CocoData& data) {
  std::unordered_set<std::int64_t> ids;
  file.for_each("annotations", [&](const JsonValue& entry, std::string_view) {
    const std::int64_t id = entry.integer("id");
    if (!ids.insert(id).second) fail("annotation id {} comes twice", id);
    Picture& picture = picture_of(data, entry);
    CocoInstance object;
    object.category = category_of(data, entry);
    if (!picture.mine) return;
    object.area = entry.number("area");
    object.crowd = entry.flag("iscrowd");
    object.box = read_box(entry);
    if (masks)
      object.mask = with_context(fmt::format("annotation {}", id),
                                 [&] { return read_mask(entry, picture.size); });
    picture.objects.push_back(std::move(object));
  });
  if (ids.count(0) != 0)
    spdlog::warn(
        "{}: an annotation has id 0, which pycocotools never counts as found; here it is an object "
        "like the others, so number annotations from 1 to compare",
        file.path().string());
}

/// What the first result decides for all of them.
struct ResultForm {
  bool boxes = false, masks = false;
};

ResultForm form_of(const JsonValue& first) {
  const auto box = first.find("bbox");
  return {box && !box->as_list("bbox").empty(), first.find("segmentation").has_value()};
}

CocoInstance read_detection(const JsonValue& entry, ResultForm form, bool masks_wanted,
                            const CocoData& data, Size picture) {
  CocoInstance detection;
  detection.category = category_of(data, entry);
  detection.score = entry.number("score");
  if (!std::isfinite(detection.score)) fail("score is {}", detection.score);
  if (masks_wanted || !form.boxes) detection.mask = read_mask(entry, picture);
  // A box decides the area of a mask too, as in pycocotools.
  if (form.boxes) {
    detection.box = read_box(entry);
    detection.area = detection.box.width * detection.box.height;
  } else {
    detection.box = rle_box(detection.mask);
    detection.area = static_cast<double>(rle_area(detection.mask));
  }
  return detection;
}

bool wants_masks(const std::vector<std::string>& iou_types) {
  return std::find(iou_types.begin(), iou_types.end(), "segm") != iou_types.end();
}

PanopticMap paint_instances(
    const std::vector<CocoInstance>& instances, Size size,
    const std::function<bool(const CocoInstance&, const CocoInstance&)>& before) {
  std::vector<const CocoInstance*> order;
  for (const CocoInstance& instance : instances) order.push_back(&instance);
  std::stable_sort(order.begin(), order.end(),
                   [&](const auto* a, const auto* b) { return before(*a, *b); });
  std::vector<Rle> boxes;
  boxes.reserve(order.size());
  std::vector<PaintedObject> objects;
  for (const CocoInstance* instance : order) {
    const Rle* mask = &instance->mask;
    if (mask->counts.empty()) mask = &boxes.emplace_back(rle_from_box(instance->box, size));
    const auto id = static_cast<std::uint32_t>(instance - instances.data() + 1);
    objects.push_back({mask, instance->crowd ? 0 : id, static_cast<int>(instance->category)});
  }
  return paint_objects(size, objects);
}

/// Objects as the picture shows them: small ones and sure detections in front.
FrameView view_of(const Picture& picture, Size size) {
  std::vector<CocoInstance> sure;
  std::copy_if(picture.detections.begin(), picture.detections.end(), std::back_inserter(sure),
               [](const CocoInstance& detection) { return detection.score >= kShownScore; });
  return {
      fmt::format("image {}", picture.id),
      paint_instances(picture.objects, size,
                      [](const auto& a, const auto& b) { return a.area > b.area; }),
      paint_instances(sure, size, [](const auto& a, const auto& b) { return a.score < b.score; }),
      false};
}

/// The size that the file or, where it is silent, the masks have.
Size size_of(const Picture& picture) {
  if (picture.size != Size{}) return picture.size;
  for (const auto* instances : {&picture.objects, &picture.detections})
    for (const CocoInstance& instance : *instances)
      if (!instance.mask.counts.empty()) return instance.mask.size;
  return {};
}

void observe_pictures(const EvalOptions& options, std::vector<Picture> pictures) {
  for (Picture& picture : pictures) {
    const Size size = size_of(picture);
    if (!picture.mine || size == Size{}) continue;
    const auto kept = std::make_shared<const Picture>(std::move(picture));
    observe_views(options, "", 1, [kept, size](std::size_t) { return view_of(*kept, size); }, {});
  }
}

/// What is compared: what was asked for, or all that the results hold.
std::vector<std::string> choose_types(const EvalOptions& options, ResultForm form) {
  if (!form.boxes && !form.masks) fail("neither bbox nor segmentation");
  std::vector<std::string> types = {"segm", "bbox"};
  if (!form.masks) types = {"bbox"};
  if (options.iou_types) types = *options.iou_types;
  if (wants_masks(types) && !form.masks)
    fail("results without segmentation cannot be evaluated as segm; use --iou-types bbox");
  return types;
}

/// Gives what is compared.
std::vector<std::string> read_detections(const EvalOptions& options, CocoData& data) {
  const JsonFile results(options.pred, JsonRoot::kList);
  std::vector<std::string> types;
  ResultForm form;
  results.for_each_entry([&](const JsonValue& entry, std::string_view) {
    if (types.empty()) types = choose_types(options, form = form_of(entry));
    Picture& picture = picture_of(data, entry);
    CocoInstance detection = read_detection(entry, form, wants_masks(types), data, picture.size);
    if (picture.mine) picture.detections.push_back(std::move(detection));
  });
  if (types.empty()) fail("{}: the list of results is empty", options.pred.string());
  return types;
}

EvalResult evaluate_coco(const EvalOptions& options) {
  const JsonFile gt(options.gt);
  CocoData data;
  read_pictures(gt, options.shard, data);
  data.categories = read_categories(gt);
  for (const ApCategory& category : data.categories) data.category_ids.insert(category.id);

  const std::vector<std::string> types = read_detections(options, data);
  read_objects(gt, wants_masks(types), data);

  // Counts add up exactly in any order, so each thread has its own.
  const auto workers = static_cast<std::size_t>(std::max(1, options.threads));
  std::vector<CocoAp> counts(workers, CocoAp(data.categories, types));
  parallel_for(data.pictures.size(), static_cast<int>(workers), [&](std::size_t i, int worker) {
    const Picture& picture = data.pictures[i];
    counts[static_cast<std::size_t>(worker)].add(picture.id, picture.objects, picture.detections);
  });
  auto metric = std::make_unique<CocoAp>(std::move(counts[0]));
  for (std::size_t worker = 1; worker < workers; ++worker) metric->merge(counts[worker]);
  std::vector<std::string> units;
  for (const Picture& picture : data.pictures) units.push_back(std::to_string(picture.id));
  if (is_observed(options)) observe_pictures(options, std::move(data.pictures));
  return {std::move(metric), dataset_fingerprint(units)};
}

}  // namespace

MetricKind coco_kind() {
  return {"coco",
          "COCO average precision and recall of masks and boxes (annotations and results as JSON)",
          "tessera eval coco --gt instances_val2017.json --pred results.json --iou-types segm",
          {{"coco", "pycocotools' COCOeval", {EvalOption::kIouTypes}}},
          evaluate_coco,
          CocoAp::restore};
}

}  // namespace tessera
