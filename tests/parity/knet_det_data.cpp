#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <set>

#include "runners.h"
#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/data/loader/batch.h"
#include "tessera/data/open_dataset.h"
#include "tessera/data/transforms/geometry.h"
#include "tessera/image/image_io.h"
#include "tessera/inference/coco_results.h"

namespace tessera::parity {
namespace {

namespace fs = std::filesystem;

Values size_values(Size size) { return make_values<std::int64_t>({2}, {size.height, size.width}); }

std::vector<std::uint8_t> pack_bits(const std::vector<std::uint8_t>& bits) {
  std::vector<std::uint8_t> packed((bits.size() + 7) / 8);
  for (std::size_t i = 0; i < bits.size(); ++i)
    if (bits[i] != 0) packed[i / 8] |= static_cast<std::uint8_t>(0x80 >> i % 8);
  return packed;
}

std::vector<std::uint8_t> unpack_bits(const Values& packed, std::size_t count) {
  std::vector<std::uint8_t> bits(count);
  for (std::size_t i = 0; i < count; ++i)
    bits[i] = static_cast<std::uint8_t>(packed.data[i / 8]) >> (7 - i % 8) & 1;
  return bits;
}

void compare_picture(Report& report, const std::string& name, const Batch& batch) {
  const FrameRecord& record = batch.frames[0].record;
  report.compare(name + "img",
                 make_values(std::vector<std::int64_t>{3, batch.size.height, batch.size.width},
                             std::vector<float>(batch.pixels.begin(), batch.pixels.end())));
  report.compare(name + "img_shape", size_values(record.img_size));
  report.compare(name + "pad_shape", size_values(batch.size));
}

void compare_labels(Report& report, const std::string& name, const Batch& batch, bool panoptic) {
  const BatchFrame& frame = batch.frames[0];
  const FrameRecord& record = frame.record;
  const auto x = record.scale_x, y = record.scale_y;
  report.compare(name + "scale_factor", make_values<float>({4}, {x, y, x, y}));
  std::vector<double> sums;
  const std::size_t plane = static_cast<std::size_t>(batch.size.width) * batch.size.height;
  for (std::size_t c = 0; c < 3; ++c) {
    double sum = 0;
    for (std::size_t i = 0; i < plane; ++i) sum += batch.pixels[c * plane + i];
    sums.push_back(sum);
  }
  report.compare(name + "img_sum", make_values({3}, sums));
  const auto count = static_cast<std::int64_t>(frame.objects.size());
  std::vector<std::int64_t> labels;
  std::vector<float> boxes;
  for (const FrameObject& object : frame.objects) {
    labels.push_back(object.category);
    boxes.insert(boxes.end(), {object.box.x1, object.box.y1, object.box.x2, object.box.y2});
  }
  report.compare(name + "gt_masks_shape",
                 make_values<std::int64_t>({3}, {count, batch.size.height, batch.size.width}));
  const auto packed = pack_bits(frame.masks);
  report.compare(name + "gt_masks_packed",
                 make_values({static_cast<std::int64_t>(packed.size())}, packed));
  report.compare(name + "gt_labels", make_values({count}, labels));
  report.compare(name + "gt_bboxes", make_values({count, 4}, boxes));
  if (panoptic)
    report.compare(name + "gt_semantic_seg",
                   make_values({1, batch.size.height, batch.size.width},
                               std::vector<std::uint8_t>(frame.semantic.values().begin(),
                                                         frame.semantic.values().end())));
}

std::unique_ptr<Dataset> mini_coco(const Case& c, bool panoptic) {
  const fs::path root = c.folder / "mini_coco";
  return open_dataset(
      {.format = panoptic ? DatasetFormat::kCocoPanoptic : DatasetFormat::kCocoInstances,
       .root = root,
       .split = "train",
       .images = "images",
       .annotations = panoptic ? "panoptic.json" : "instances.json"});
}

void run_data_pipeline(const Case& c, Report& report) {
  for (const bool panoptic : {true, false}) {
    const auto dataset = mini_coco(c, panoptic);
    std::vector<bool> things;
    for (const ClassInfo& info : dataset->classes()) things.push_back(info.is_thing || !panoptic);
    const std::string task = panoptic ? "panoptic" : "instance";
    std::size_t index = 0;
    for (std::size_t i = 0; i < dataset->size(); ++i) {
      if (!dataset->frames()[i].trainable) continue;
      for (const Json& setting : c.data.at("scales")) {
        const Scale scale = {setting.at("img_scale").at(0), setting.at("img_scale").at(1)};
        const bool flip = setting.at("flip");
        Frame frame = to_frame(dataset->load(i), things);
        resize_frame(frame, rescaled_size(frame.image.size(), scale));
        if (flip) flip_frame(frame);
        const Batch batch = collate({{std::move(frame)}}, {});
        const std::string name = fmt::format("{}/scale_{}x{}_flip{}/{}/", task, scale.long_edge,
                                             scale.short_edge, static_cast<int>(flip), index);
        compare_picture(report, name, batch);
        compare_labels(report, name, batch, panoptic);
      }
      ++index;
    }
    const Json& first = c.data.at("scales").at(0).at("img_scale");
    for (std::size_t i = 0; i < dataset->size(); ++i) {
      Frame frame = to_frame(dataset->load(i), things);
      const Size original = frame.image.size();
      resize_frame(frame, rescaled_size(original, {first.at(0), first.at(1)}));
      const std::string name = fmt::format("{}/test/{}/", task, i);
      compare_picture(report, name, collate({{std::move(frame)}}, {}));
      report.compare(name + "ori_shape", size_values(original));
    }
  }
}

/// The raw map of the official code as a prediction: label + 1000 * number, the number of classes
/// for void.
PanopticPrediction stored_map(const Values& map, int classes) {
  constexpr int kOffset = 1000;
  PanopticPrediction prediction;
  prediction.ids = Pixels<std::int32_t>(
      {static_cast<int>(map.shape[1]), static_cast<int>(map.shape[0])}, 1, kVoidSegment);
  std::map<std::int32_t, std::int64_t> areas;
  for (std::size_t i = 0; i < map.data.size(); ++i) {
    const auto id = static_cast<std::int32_t>(map.data[i]);
    if (id == classes) continue;
    prediction.ids.values()[i] = id;
    ++areas[id];
  }
  for (const auto& [id, area] : areas)
    prediction.segments.push_back({.id = id, .label = id % kOffset, .score = 1, .area = area});
  return prediction;
}

std::vector<PredictedInstance> stored_instances(const Report& report, const std::string& name) {
  const Values& shape = report.stored(name + "masks_shape");
  const auto count = static_cast<std::size_t>(shape.data[0]);
  const Size size = {static_cast<int>(shape.data[2]), static_cast<int>(shape.data[1])};
  const std::size_t pixels = static_cast<std::size_t>(size.width) * size.height;
  const auto bits = unpack_bits(report.stored(name + "masks_packed"), count * pixels);
  std::vector<PredictedInstance> instances;
  for (std::size_t i = 0; i < count; ++i) {
    Pixels<std::uint8_t> mask(size, 1);
    std::copy_n(bits.begin() + static_cast<std::ptrdiff_t>(i * pixels), pixels,
                mask.values().begin());
    instances.push_back({static_cast<int>(report.stored(name + "labels").data[i]),
                         static_cast<float>(report.stored(name + "scores").data[i]),
                         rle_encode(mask)});
  }
  return instances;
}

void run_results(const Case& c, Report& report) {
  const auto dataset = mini_coco(c, true);
  const auto& classes = dataset->classes();
  const fs::path folder = fs::temp_directory_path() / "tessera_parity_results";
  fs::remove_all(folder);
  fs::create_directories(folder);
  CocoPanopticWriter panoptic(folder / "run", classes);
  CocoInstanceWriter instances(folder / "run", classes);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < dataset->size(); ++i) {
    names.push_back(dataset->frames()[i].key.name);
    panoptic.add(names[i], stored_map(report.stored(fmt::format("panoptic/{}", i)),
                                      static_cast<int>(classes.size())));
    instances.add(names[i], stored_instances(report, fmt::format("instance/{}/", i)));
  }
  panoptic.finish();
  instances.finish();
  for (const std::string name :
       {"results_panoptic/run.panoptic.json", "results_instance/run.segm.json",
        "results_instance/run.bbox.json"})
    report.compare_json(name, read_json(folder / fs::path(name).filename()),
                        read_json(c.folder / name));
  for (const std::string& name : names) {
    const fs::path file = fs::path("panoptic") / (name + ".png");
    report.check(file.string(),
                 read_id_png(folder / file) == read_id_png(c.folder / "results_panoptic" / file),
                 "other ids");
  }
  fs::remove_all(folder);
}

}  // namespace

Runner find_knet_det_data_runner(const Case& c) {
  if (c.data.at("kind") == "data") return run_data_pipeline;
  if (c.data.at("kind") == "results") return run_results;
  return {};
}

}  // namespace tessera::parity
