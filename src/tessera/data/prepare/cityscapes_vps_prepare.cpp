#include <map>
#include <nlohmann/json.hpp>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/core/interrupt.h"
#include "tessera/core/progress.h"
#include "tessera/core/thread_pool.h"
#include "tessera/data/datasets/cityscapes_classes.h"
#include "tessera/data/folder_cache.h"
#include "tessera/data/label_coding.h"
#include "tessera/data/prepare/cityscapes_vps_merge.h"
#include "tessera/data/prepare/prepare.h"
#include "tessera/data/prepare/segment_colors.h"
#include "tessera/image/image_io.h"

namespace tessera {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

constexpr int kInstanceDivisor = 1000;

/// trainId of each pixel by its colour, 255 for colours of no class.
LabelMap classes_of_colors(const Image& colors) {
  std::map<std::uint32_t, std::uint8_t> class_of;
  for (const ClassInfo& info : cityscapes_classes())
    class_of[id_of_color(info.color)] = static_cast<std::uint8_t>(info.id);
  LabelMap classes(colors.size(), 1, kCityscapesVoid);
  const std::uint8_t* rgb = colors.data();
  for (std::uint8_t& value : classes.values()) {
    const auto known = class_of.find(id_of_color({rgb[0], rgb[1], rgb[2]}));
    if (known != class_of.end()) value = known->second;
    rgb += 3;
  }
  return classes;
}

/// The class that most of an object's colour says; the official script counts colours, and takes
/// the smallest on ties.
int majority_class(const std::map<std::uint32_t, int>& color_counts,
                   const std::map<std::uint32_t, int>& class_of_color) {
  std::uint32_t best = 0;
  int most = 0;
  for (const auto& [color, count] : color_counts)
    if (count > most) {
      most = count;
      best = color;
    }
  const auto known = class_of_color.find(best);
  return known == class_of_color.end() ? kCityscapesVoid : known->second;
}

/// trainId for stuff, trainId * 1000 + number for objects, 255 elsewhere.
Image16 panoptic_values(const Image& colors, const LabelMap& classes, const Image16& instances) {
  std::map<std::uint32_t, int> class_of_color;
  for (const ClassInfo& info : cityscapes_classes())
    class_of_color[id_of_color(info.color)] = info.id;
  std::map<int, std::map<std::uint32_t, int>> colors_below;  // of each object
  for (std::size_t i = 0; i < instances.values().size(); ++i) {
    const std::uint8_t* rgb = colors.data() + 3 * i;
    if (instances.values()[i] >= kInstanceDivisor)
      ++colors_below[instances.values()[i]][id_of_color({rgb[0], rgb[1], rgb[2]})];
  }
  std::map<int, int> value_of;
  for (const auto& [instance, counts] : colors_below) {
    const int category = majority_class(counts, class_of_color);
    if (category != kCityscapesVoid && cityscapes_classes()[category].is_thing)
      value_of[instance] = category * kInstanceDivisor + instance % kInstanceDivisor;
  }
  Image16 values(instances.size(), 1, kCityscapesVoid);
  for (std::size_t i = 0; i < values.values().size(); ++i) {
    const int category = classes.values()[i];
    if (category != kCityscapesVoid && !cityscapes_classes()[category].is_thing)
      values.values()[i] = static_cast<std::uint16_t>(category);
    const auto object = value_of.find(instances.values()[i]);
    if (object != value_of.end()) values.values()[i] = static_cast<std::uint16_t>(object->second);
  }
  return values;
}

/// labelmap/ and panoptic_inst/ from cls/ and inst/, which are paired by position.
std::vector<std::string> make_labels(const fs::path& split, const PrepareOptions& options,
                                     const fs::path& target, FolderCache& folders) {
  const std::vector<std::string> colors = folders.files_ending(split / "cls", ".png");
  const std::vector<std::string> instances = folders.files_ending(split / "inst", ".png");
  if (colors.size() != instances.size())
    fail("{}: {} files in cls, {} in inst; they are paired in order of their names", split.string(),
         colors.size(), instances.size());
  make_directories(target / "labelmap");
  make_directories(target / "panoptic_inst");
  Progress progress(split.filename().string() + " labels", colors.size(), "pictures");
  parallel_for(colors.size(), options.threads, [&](std::size_t i, int) {
    const fs::path class_map = target / "labelmap" / colors[i];
    const fs::path panoptic = target / "panoptic_inst" / colors[i];
    if (fs::exists(class_map) && fs::exists(panoptic)) return;
    const Image picture = read_rgb_png(split / "cls" / colors[i]);
    const Image16 ids = read_label16_png(split / "inst" / instances[i]);
    check_same_size(picture.size(), ids.size(), (split / "inst" / instances[i]).string());
    const LabelMap classes = classes_of_colors(picture);
    write_png(panoptic, panoptic_values(picture, classes, ids));
    write_png(class_map, classes);
    progress.advance();
  });
  return colors;
}

std::string picture_name(std::string label) {
  for (const auto& [from, to] : {std::pair<std::string, std::string>{"final_mask", "newImg8bit"},
                                 {"gtFine_color", "leftImg8bit"}}) {
    const std::size_t at = label.find(from);
    if (at != std::string::npos) return label.replace(at, from.size(), to);
  }
  return label;
}

ordered_json describe_categories() {
  ordered_json list = ordered_json::array();
  for (const ClassInfo& info : cityscapes_classes())
    list.push_back({{"id", info.id},
                    {"name", info.name},
                    {"supercategory", cityscapes_group(info.id)},
                    {"isthing", info.is_thing ? 1 : 0},
                    {"instance_eval", info.is_thing ? 1 : 0},
                    {"trainid", info.id},
                    {"ori_id", cityscapes_label_id(info.id)},
                    {"color", info.color}});
  return list;
}

/// panoptic_video/ and its JSON: one colour a value, kept through a video.
void make_video_labels(const fs::path& folder, const std::vector<std::string>& names,
                       const std::string& split, const PrepareOptions& options) {
  const std::vector<ClassInfo>& classes = cityscapes_classes();
  make_directories(folder / "panoptic_video");
  SegmentColors colors(classes, Random(options.seed));
  std::map<int, std::uint32_t> id_of;
  std::string video;
  ordered_json images = ordered_json::array(), annotations = ordered_json::array();
  Progress progress(split + " video labels", names.size(), "pictures");
  for (const std::string& name : names) {
    check_interrupt();
    if (name.substr(0, 4) != video) id_of.clear();
    video = name.substr(0, 4);
    const Image16 values = read_label16_png(folder / "panoptic_inst" / name);
    std::map<int, std::int64_t> areas;
    for (const std::uint16_t value : values.values()) ++areas[value];
    ordered_json segments = ordered_json::array();
    for (const auto& [value, area] : areas) {
      if (value == kCityscapesVoid) continue;
      const int category = value >= kInstanceDivisor ? value / kInstanceDivisor : value;
      if (!id_of.contains(value)) id_of[value] = id_of_color(colors.next(classes.at(category)));
      segments.push_back(
          {{"id", id_of[value]}, {"category_id", category}, {"iscrowd", 0}, {"area", area}});
    }
    IdMap ids(values.size(), 1);
    for (std::size_t i = 0; i < ids.values().size(); ++i)
      ids.values()[i] = values.values()[i] == kCityscapesVoid ? 0 : id_of.at(values.values()[i]);
    write_id_png(folder / "panoptic_video" / name, ids);
    const std::string stem = fs::path(name).stem().string();
    const std::string id = stem.substr(0, stem.rfind('_', stem.rfind('_') - 1));
    images.push_back({{"id", id},
                      {"width", values.width()},
                      {"height", values.height()},
                      {"file_name", picture_name(name)}});
    annotations.push_back({{"image_id", id}, {"file_name", name}, {"segments_info", segments}});
    progress.advance();
  }
  const ordered_json document = {
      {"images", images}, {"annotations", annotations}, {"categories", describe_categories()}};
  write_text_file(options.destination / ("panoptic_gt_" + split + "_city_vps.json"),
                  document.dump());
}

}  // namespace

void prepare_cityscapes_vps(const PrepareOptions& options) {
  merge_cityscapes_vps(options);
  FolderCache folders;
  bool found = false;
  for (const std::string split : {"train", "val", "test"}) {
    const fs::path merged = options.destination / split;
    const fs::path from = folders.has_folder(merged / "cls") ? merged : options.source / split;
    if (!folders.has_folder(from / "cls") || !folders.has_folder(from / "inst")) continue;
    found = true;
    make_video_labels(merged, make_labels(from, options, merged, folders), split, options);
  }
  if (!found) fail("{}: no split has the folders cls and inst", options.source.string());
}

}  // namespace tessera
