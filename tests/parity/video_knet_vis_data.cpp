#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "runners.h"
#include "tessera/core/error.h"
#include "tessera/data/loader/batch.h"
#include "tessera/data/loader/sampler.h"
#include "tessera/data/open_dataset.h"
#include "tessera/data/transforms/geometry.h"

namespace tessera::parity {
namespace {

constexpr int kUnlimited = 1 << 20;  // of the long side

Size size_of(const Json& height_and_width) {
  return {height_and_width.at(1), height_and_width.at(0)};
}

std::unique_ptr<Dataset> open_split(const Case& c, const std::string& split,
                                    const std::string& annotations) {
  DatasetSpec spec{DatasetFormat::kYoutubeVis, c.folder / "mini_ytvis", split};
  spec.annotations = "coco/" + annotations;
  return open_dataset(spec);
}

Indices trainable_frames(const Dataset& dataset) {
  Indices indices;
  for (std::size_t i = 0; i < dataset.size(); ++i)
    if (dataset.frames()[i].trainable) indices.push_back(i);
  return indices;
}

/// The official pipeline of one clip: float pictures, one scale, a flip, padding.
Batch transformed(const Dataset& dataset, const Indices& indices, Scale scale, bool flip) {
  const std::vector<bool> things(dataset.classes().size(), true);
  Clip clip;
  for (const std::size_t i : indices) {
    Frame frame = to_frame(dataset.load(i), things);
    make_precise(frame);
    resize_frame(frame, rescaled_size(frame.size(), scale));
    if (flip) flip_frame(frame);
    clip.push_back(std::move(frame));
  }
  return collate({std::move(clip)}, {});
}

Values pictures(const Batch& batch, std::int64_t stride) {
  const Values whole{.shape = {batch.frames_per_clip, 3, batch.size.height, batch.size.width},
                     .data = {batch.pixels.begin(), batch.pixels.end()}};
  return subsample(whole, {1, 1, stride, stride});
}

void check_sizes(Report& report, const Json& golden, const std::string& tag, const Batch& batch) {
  const FrameRecord& record = batch.frames[0].record;
  const auto check = [&](const char* name, Size size) {
    const Size expected = size_of(golden.at(name));
    report.check(tag + "/" + name, size == expected,
                 fmt::format("{}, expected {}", to_string(size), to_string(expected)));
  };
  check("ori_shape", record.ori_size);
  check("img_shape", record.img_size);
  check("pad_shape", record.pad_size);
}

/// Rows of numbers, one an object, that begin with the object's frame.
struct Rows {
  std::int64_t width;
  bool is_integer;
  std::vector<double> data = {};

  void compare(Report& report, const std::string& name) const {
    const auto count = static_cast<std::int64_t>(data.size()) / width;
    report.compare(name, {.shape = {count, width}, .data = data, .is_integer = is_integer});
  }
};

void compare_objects(Report& report, const std::string& tag, const Batch& batch,
                     std::int64_t mask_stride) {
  Rows boxes{5, false}, labels{2, true}, ids{2, true};
  for (int t = 0; t < batch.frames_per_clip; ++t) {
    const BatchFrame& frame = batch.frames[t];
    for (const FrameObject& object : frame.objects) {
      const Corners& box = object.box;
      boxes.data.insert(boxes.data.end(), {1.0 * t, box.x1, box.y1, box.x2, box.y2});
      labels.data.insert(labels.data.end(), {1.0 * t, 1.0 * object.category});
      ids.data.insert(ids.data.end(), {1.0 * t, static_cast<double>(object.track_id)});
    }
    const Values masks{.shape = {static_cast<std::int64_t>(frame.objects.size()), batch.size.height,
                                 batch.size.width},
                       .data = {frame.masks.begin(), frame.masks.end()},
                       .is_integer = true};
    report.compare(fmt::format("{}/masks{}", tag, t),
                   subsample(masks, {1, mask_stride, mask_stride}));
  }
  boxes.compare(report, tag + "/ref_gt_bboxes");
  labels.compare(report, tag + "/ref_gt_labels");
  ids.compare(report, tag + "/ref_gt_instance_ids");
}

void run_training_clips(const Case& c, const Json& goldens, Report& report) {
  const auto dataset = open_split(c, "train", "youtube_vis_2019_train.json");
  const Indices items = trainable_frames(*dataset);
  report.check("train_length", items.size() == goldens.at("train_length").get<std::size_t>(),
               fmt::format("{} frames", items.size()));
  for (const Json& golden : goldens.at("train_cases")) {
    const std::string tag = golden.at("tag");
    const auto indices = choose_clip(*dataset, items.at(golden.at("index")), {-2, 2});
    const bool expected = golden.contains("frames");
    report.check(tag + "/is_a_clip", indices.has_value() == expected,
                 expected ? "the official loader makes a clip here" : "it makes none here");
    if (!indices || !expected) continue;
    std::vector<std::string> files;
    for (const std::size_t i : *indices) files.push_back(dataset->frames()[i].key.name + ".png");
    report.check(tag + "/files", files == golden.at("files").get<std::vector<std::string>>(),
                 "other frames than the official loader's");
    const bool key_is_third = (*indices)[2] == items.at(golden.at("index"));
    report.compare(tag + "/key_img_equals_ref2",
                   {.shape = {1}, .data = {1.0 * key_is_third}, .is_integer = true});
    // The short side is what was drawn: the long one has no limit.
    const Size drawn = size_of(golden.at("img_shape"));
    const Scale scale{kUnlimited, std::min(drawn.width, drawn.height)};
    const Batch batch = transformed(*dataset, *indices, scale, golden.at("flip"));
    check_sizes(report, golden, tag, batch);
    report.compare(tag + "/img", pictures(batch, golden.at("image_stride")));
    compare_objects(report, tag, batch, golden.at("mask_stride"));
  }
}

void run_test_videos(const Case& c, const Json& goldens, Report& report) {
  const auto dataset = open_split(c, "val", "youtube_vis_2019_valid.json");
  for (const Json& golden : goldens.at("test_cases")) {
    const std::string tag = golden.at("tag");
    Indices indices;
    for (const std::string file : golden.at("files"))
      for (std::size_t i = 0; i < dataset->size(); ++i)
        if (dataset->frames()[i].key.name + ".png" == file) indices.push_back(i);
    const Json& tiny = goldens.at("tiny_test_scale");
    const Scale scale = tag == "t" ? Scale{tiny.at(0), tiny.at(1)} : Scale{640, 360};
    const Batch batch = transformed(*dataset, indices, scale, false);
    check_sizes(report, golden, tag, batch);
    report.compare(tag + "/img", pictures(batch, golden.at("image_stride")));
  }
}

void run_dataset(const Case& c, Report& report) {
  const Json goldens = read_json(c.folder / "dataset.json");
  run_training_clips(c, goldens, report);
  run_test_videos(c, goldens, report);
}

}  // namespace

Runner find_video_knet_vis_data_runner(const Case& c) {
  return c.name == "dataset" ? Runner(run_dataset) : Runner();
}

}  // namespace tessera::parity
