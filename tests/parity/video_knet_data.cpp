#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "runners.h"
#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/data/loader/batch.h"
#include "tessera/data/open_dataset.h"
#include "tessera/data/transforms/geometry.h"
#include "tessera/image/image_io.h"

namespace tessera::parity {
namespace {

/// [height, width, 3] as the official pipeline keeps pictures.
Values interleaved_picture(const Batch& batch) {
  Values values;
  values.shape = {batch.size.height, batch.size.width, 3};
  const std::size_t plane = batch.pixels.size() / 3;
  values.data.reserve(batch.pixels.size());
  for (std::size_t i = 0; i < plane; ++i)
    for (std::size_t c = 0; c < 3; ++c) values.data.push_back(batch.pixels[c * plane + i]);
  return values;
}

Size stored_size(const Report& report, const std::string& name) {
  const Values& values = report.stored(name);
  return {static_cast<int>(values.data[1]), static_cast<int>(values.data[0])};
}

void compare_stored(Report& report, const std::string& name, const Values& values) {
  if (report.has(name)) report.compare(name, values);
}

/// What the case stores of a picture's labels.
void compare_labels(Report& report, const std::string& prefix, const Batch& batch,
                    const std::vector<int>& thing_ranks) {
  const BatchFrame& frame = batch.frames[0];
  const auto count = static_cast<std::int64_t>(frame.objects.size());
  Values labels, ids, boxes;
  labels.shape = ids.shape = {count};
  labels.is_integer = ids.is_integer = true;
  boxes.shape = {count, 4};
  for (const FrameObject& object : frame.objects) {
    labels.data.push_back(thing_ranks[object.category]);
    ids.data.push_back(static_cast<double>(object.track_id));
    const Corners& box = object.box;
    boxes.data.insert(boxes.data.end(), {box.x1, box.y1, box.x2, box.y2});
  }
  compare_stored(report, prefix + "gt_labels", labels);
  compare_stored(report, prefix + "gt_instance_ids", ids);
  compare_stored(report, prefix + "gt_bboxes", boxes);
  compare_stored(report, prefix + "gt_masks",
                 {.shape = {count, batch.size.height, batch.size.width},
                  .data = {frame.masks.begin(), frame.masks.end()},
                  .is_integer = true});
  if (const auto semantic = frame.semantic.values(); !semantic.empty())
    compare_stored(report, prefix + "gt_semantic_seg",
                   {.shape = {batch.size.height, batch.size.width},
                    .data = {semantic.begin(), semantic.end()},
                    .is_integer = true});
  const Size size = frame.record.img_size;
  compare_stored(report, prefix + "img_shape",
                 {.shape = {2}, .data = {1.0 * size.height, 1.0 * size.width}, .is_integer = true});
}

/// The labels before padding.
void compare_unpadded(Report& report, const std::string& prefix, const Frame& frame,
                      const std::vector<int>& thing_ranks) {
  CollateOptions unpadded;
  unpadded.divisor = 1;
  compare_labels(report, prefix, collate({{frame}}, unpadded), thing_ranks);
}

/// Number of each thing among the things; -1 for stuff.
std::vector<int> thing_ranks(const Dataset& dataset) {
  std::vector<int> ranks;
  int things = 0;
  for (const ClassInfo& info : dataset.classes()) ranks.push_back(info.is_thing ? things++ : -1);
  return ranks;
}

void run_citystep(const Case& c, Report& report) {
  const auto dataset =
      open_dataset({DatasetFormat::kCityscapesStep, c.folder / "mini_cityscapes", "train"});
  const std::vector<int> ranks = thing_ranks(*dataset);
  std::vector<bool> things;
  for (const int rank : ranks) things.push_back(rank >= 0);
  for (const Json& drawn : c.data.at("cases")) {
    const std::string prefix = fmt::format("c{}/", drawn.at("case").get<int>());
    Frame frame = to_frame(dataset->load(drawn.at("index")), things);
    compare_unpadded(report, prefix + "adapt/", frame, ranks);
    resize_frame(frame,
                 rescaled_size(frame.size(), {drawn.at("scale").at(1), drawn.at("scale").at(0)}));
    if (drawn.at("flip")) flip_frame(frame);
    const Json& offsets = drawn.at("crop_offsets_h_w");
    crop_frame(frame,
               {offsets.at(1), offsets.at(0), stored_size(report, prefix + "pad/img_shape")});
    const Batch batch = collate({{std::move(frame)}}, {});
    compare_labels(report, prefix + "pad/", batch, ranks);
    report.compare(prefix + "pad/img", interleaved_picture(batch));
  }
}

std::size_t find_frame(const Dataset& dataset, const Json& sequence_and_frame) {
  for (std::size_t i = 0; i < dataset.size(); ++i) {
    const SampleKey& key = dataset.frames()[i].key;
    if (std::stoi(key.sequence) == sequence_and_frame.at(0) &&
        key.frame == sequence_and_frame.at(1))
      return i;
  }
  fail("sequence and frame {} are not in the data", sequence_and_frame.dump());
}

/// One frame of a pair through the steps that `drawn` lists.
void run_kitti_frame(Report& report, const Dataset& dataset, const Json& drawn,
                     const std::string& which) {
  const std::string prefix = fmt::format("c{}/{}/", drawn.at("case").get<int>(), which);
  const std::vector<int> ranks = thing_ranks(dataset);
  std::vector<bool> things;
  for (const int rank : ranks) things.push_back(rank >= 0);
  Frame frame =
      to_frame(dataset.load(find_frame(dataset, drawn.at(which))), things, Crowds::kObjects);
  compare_unpadded(report, prefix + "loaded/", frame, ranks);
  const Json& scale = drawn.at(which + "_scale");
  resize_frame(frame, rescaled_size(frame.size(), {scale.at(1), scale.at(0)}));
  const auto pixels = frame.image.values();
  compare_stored(report, prefix + "resize/img",
                 {.shape = {frame.size().height, frame.size().width, 3},
                  .data = {pixels.begin(), pixels.end()},
                  .is_integer = true});
  compare_unpadded(report, prefix + "resize/", frame, ranks);
  if (drawn.at("flip")) flip_frame(frame);
  const Json& offsets = drawn.at("crop_offsets");
  crop_frame(frame, {offsets.at(1), offsets.at(0), stored_size(report, prefix + "pad/img_shape")});
  const Batch batch = collate({{std::move(frame)}}, {});
  compare_labels(report, prefix + "pad/", batch, ranks);
  const Values picture = interleaved_picture(batch);
  const bool is_whole = report.stored(prefix + "pad/img").shape == picture.shape;
  report.compare(prefix + "pad/img", is_whole ? picture : subsample(picture, {2, 2}));
}

void run_kitti(const Case& c, Report& report) {
  const auto dataset =
      open_dataset({DatasetFormat::kKittiStep, c.folder / "mini_kitti_step", "train"});
  for (const Json& drawn : c.data.at("cases"))
    for (const char* which : {"key", "ref"}) run_kitti_frame(report, *dataset, drawn, which);
}

/// How Video K-Net counts VIPSeg's classes: stuff first, then things.
int stuff_first(const std::vector<int>& ranks, int category) {
  const auto is_stuff = [](int rank) { return rank < 0; };
  const auto stuff = std::ranges::count_if(ranks, is_stuff);
  if (ranks[category] >= 0) return static_cast<int>(stuff) + ranks[category];
  return static_cast<int>(std::count_if(ranks.begin(), ranks.begin() + category, is_stuff));
}

/// One label file of VIPSeg as the official loader has it.
void run_vipseg(const Case& c, Report& report) {
  namespace fs = std::filesystem;
  const fs::path root = fs::temp_directory_path() / fmt::format("tessera_parity_{}", ::getpid());
  make_directories(root / "panomasks" / "a");
  make_directories(root / "imgs" / "a");
  const std::string input = c.data.at("input");
  fs::copy_file(c.folder / input.substr(0, input.find(' ')), root / "panomasks" / "a" / "0.png",
                fs::copy_options::overwrite_existing);
  const Image16 raw = read_label16_png(root / "panomasks" / "a" / "0.png");
  write_jpeg(root / "imgs" / "a" / "0.jpg", Image(raw.size(), 3));
  write_text_file(root / "val.txt", "a\n");
  const auto dataset = open_dataset({DatasetFormat::kVipseg, root, "val"});
  const std::vector<int> ranks = thing_ranks(*dataset);
  std::vector<bool> things;
  for (const int rank : ranks) things.push_back(rank >= 0);
  const Sample sample = dataset->load(0);
  fs::remove_all(root);

  const std::vector<std::int64_t> raw_values(raw.values().begin(), raw.values().end());
  report.compare("raw_u16", make_values({raw.height(), raw.width()}, raw_values));
  constexpr std::int64_t kVoid = 255, kInstanceDivisor = 1000;
  std::vector<std::int64_t> mapped(raw_values.size(), kVoid), classes = mapped;
  for (const Segment& segment : sample.panoptic->segments) {
    const int number = stuff_first(ranks, segment.category);
    const bool is_thing = ranks[segment.category] >= 0;
    for (std::size_t i = 0; i < mapped.size(); ++i) {
      if (sample.panoptic->ids.values()[i] != segment.id) continue;
      classes[i] = number;
      mapped[i] =
          is_thing ? number * kInstanceDivisor + segment.track_id % kInstanceDivisor : number;
    }
  }
  report.compare("mapped", make_values({raw.height(), raw.width()}, mapped));
  report.compare("gt_semantic_seg", make_values({raw.height(), raw.width()}, classes));
  Frame frame = to_frame(sample, things);
  // The official number of an object begins with its class.
  for (FrameObject& object : frame.objects)
    object.track_id =
        stuff_first(ranks, object.category) * kInstanceDivisor + object.track_id % kInstanceDivisor;
  frame.semantic = {};
  compare_unpadded(report, "", frame, ranks);
}

}  // namespace

Runner find_video_knet_data_runner(const Case& c) {
  if (c.name == "vipseg_annotation") return run_vipseg;
  if (c.name == "citystep_dataset") return run_citystep;
  if (c.name == "kitti_dataset") return run_kitti;
  return {};
}

}  // namespace tessera::parity
