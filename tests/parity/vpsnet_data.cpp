#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "runners.h"
#include "stored_pictures.h"
#include "tessera/core/error.h"
#include "tessera/data/loader/batch.h"
#include "tessera/data/loader/sampler.h"
#include "tessera/data/open_dataset.h"
#include "tessera/data/transforms/geometry.h"

namespace tessera::parity {
namespace {

constexpr int kStride = 4;            // of the map that the semantic head learns
constexpr int kVideoDivisor = 10000;  // image id = video * 10000 + number of the frame

std::size_t find_image(const Dataset& dataset, std::int64_t id) {
  for (std::size_t i = 0; i < dataset.size(); ++i) {
    const SampleKey& key = dataset.frames()[i].key;
    if (std::stoi(key.sequence) * kVideoDivisor + key.frame == id) return i;
  }
  fail("image {} is not in the data", id);
}

/// Number of each thing among the things, from 1.
std::vector<int> thing_labels(const Dataset& dataset) {
  std::vector<int> labels;
  int things = 0;
  for (const ClassInfo& info : dataset.classes()) labels.push_back(info.is_thing ? ++things : 0);
  return labels;
}

Scale scale_in(const Case& c) {
  const Json& scale = c.data.at("settings").at("img_scale");
  return {scale.at(0), scale.at(1)};
}

/// A frame through the steps with what was drawn for it.
Batch transformed(const Case& c, const Dataset& dataset, std::size_t index, const Json& sample) {
  std::vector<bool> things;
  for (const ClassInfo& info : dataset.classes()) things.push_back(info.is_thing);
  Frame frame = to_frame(dataset.load(index), things, Crowds::kDropped, /*inclusive_boxes=*/true);
  const Json& plan = sample.at("plan");
  resize_frame(frame, rescaled_size(frame.size(), scaled_by(scale_in(c), plan.at("ratio"))));
  if (plan.at("flip") == 1) flip_frame(frame);
  const Json& size = c.data.at("settings").at("crop_size");
  const Json& offsets = sample.at("crop");
  crop_frame(frame, {offsets.at(1),
                     offsets.at(0),
                     {std::min(size.at(1).get<int>(), frame.size().width),
                      std::min(size.at(0).get<int>(), frame.size().height)}});
  CollateOptions options;
  options.divisor = c.data.at("settings").at("size_divisor");
  options.semantic_padding = 0;
  return collate({{std::move(frame)}}, options);
}

Values planes_of(const Batch& batch) {
  return make_values<float>({3, batch.size.height, batch.size.width},
                            {batch.pixels.begin(), batch.pixels.end()});
}

void compare_objects(Report& report, const std::string& prefix, const std::string& whose,
                     const BatchFrame& frame) {
  const auto count = static_cast<std::int64_t>(frame.objects.size());
  std::vector<float> boxes;
  std::vector<std::int64_t> ids;
  for (const FrameObject& object : frame.objects) {
    const Corners& box = object.box;
    boxes.insert(boxes.end(), {box.x1, box.y1, box.x2, box.y2});
    ids.push_back(object.track_id);
  }
  report.compare(prefix + whose + "_bboxes", make_values({count, 4}, boxes));
  report.compare(prefix + whose + "_obj_ids", make_values({count}, ids));
}

void run_training_sample(const Case& c, const Dataset& dataset, const Json& sample,
                         const std::string& prefix, Report& report) {
  const std::vector<int> labels = thing_labels(dataset);
  const Batch batch = transformed(c, dataset, find_image(dataset, sample.at("image_id")), sample);
  const Batch reference = transformed(c, dataset, find_image(dataset, sample.at("ref_id")), sample);
  const BatchFrame& frame = batch.frames.front();
  report.compare(prefix + "img", planes_of(batch));
  report.compare(prefix + "ref_img", subsample(planes_of(reference), {1, 2, 2}));
  compare_objects(report, prefix, "gt", frame);
  compare_objects(report, prefix, "ref", reference.frames.front());
  const auto count = static_cast<std::int64_t>(frame.objects.size());
  std::vector<std::int64_t> object_labels;
  for (const FrameObject& object : frame.objects) object_labels.push_back(labels[object.category]);
  report.compare(prefix + "gt_labels", make_values({count}, object_labels));
  report.compare(prefix + "gt_masks",
                 make_values({count, batch.size.height, batch.size.width}, frame.masks));
  report.compare(prefix + "gt_semantic_seg", picture_values(frame.semantic));
  report.compare(prefix + "gt_semantic_seg_Nx",
                 picture_values(resize_labels(
                     frame.semantic, {batch.size.width / kStride, batch.size.height / kStride})));
}

/// The frames for inference, each with the reference that the configuration's window gives it.
void run_inference_samples(const Case& c, Report& report) {
  ProblemList missing;  // the recorded list names pictures that are not stored
  const auto val = open_dataset({.format = DatasetFormat::kCityscapesVps,
                                 .root = c.folder / "mini_cityscapes_vps",
                                 .split = "val",
                                 .all_frames = true},
                                &missing);
  const ReferenceWindow window{.first = -1, .last = -1, .else_itself = true};
  for (const Json& sample : c.data.at("test_samples")) {
    const std::string prefix = fmt::format("v{}.", sample.at("index").get<int>());
    const std::size_t index = find_image(*val, sample.at("iid"));
    Random random(0);
    const std::size_t reference = choose_reference(*val, index, window, random).value();
    report.compare_json(prefix + "ref", val->frames()[reference].image_path.filename().string(),
                        sample.at("ref"));
    const auto picture = [&](std::size_t i) {
      Frame frame = to_frame(val->load(i), {}, Crowds::kDropped, /*inclusive_boxes=*/true);
      resize_frame(frame, rescaled_size(frame.size(), scale_in(c)));
      CollateOptions options;
      options.divisor = c.data.at("settings").at("size_divisor");
      return collate({{std::move(frame)}}, options);
    };
    const Batch batch = picture(index);
    report.compare_json(prefix + "pad_shape", {batch.size.height, batch.size.width, 3},
                        sample.at("pad_shape"));
    if (!c.data.at("tensors").contains(prefix + "img")) continue;
    report.compare(prefix + "img", planes_of(batch));
    report.compare(prefix + "ref_img_s2", subsample(planes_of(picture(reference)), {1, 2, 2}));
  }
}

void run_data(const Case& c, Report& report) {
  const auto train =
      open_dataset({DatasetFormat::kCityscapesVps, c.folder / "mini_cityscapes_vps", "train"});
  const Json& samples = c.data.at("train_samples");
  for (std::size_t i = 0; i < samples.size(); ++i)
    run_training_sample(c, *train, samples[i], fmt::format("t{}.", i), report);
  run_inference_samples(c, report);
}

}  // namespace

Runner find_vpsnet_data_runner(const Case& c) {
  return c.data.at("kind") == "data" ? Runner(run_data) : Runner();
}

}  // namespace tessera::parity
