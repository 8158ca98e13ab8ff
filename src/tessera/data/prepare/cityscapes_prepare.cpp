#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/core/progress.h"
#include "tessera/core/thread_pool.h"
#include "tessera/data/datasets/cityscapes_classes.h"
#include "tessera/data/folder_cache.h"
#include "tessera/data/prepare/place_file.h"
#include "tessera/data/problems.h"
#include "tessera/image/image_io.h"

namespace tessera {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr int kInstanceDivisor = 1000;

int class_of(int value) { return value >= kInstanceDivisor ? value / kInstanceDivisor : value; }

/// A labelled picture: <folder>/<stem>_gtFine_*.png
struct Labelled {
  std::string city, stem;
};

std::vector<Labelled> list_labelled(const fs::path& split, FolderCache& folders) {
  constexpr std::string_view kEnding = "_gtFine_instanceIds.png";
  std::vector<Labelled> all;
  ProblemList problems;
  for (const std::string& city : folders.folders(split))
    for (const std::string& name : folders.files_ending(split / city, kEnding)) {
      const std::string stem = name.substr(0, name.size() - kEnding.size());
      const fs::path labels = split / city / (stem + "_gtFine_labelIds.png");
      if (!folders.has_file(labels)) problems.add(ProblemKind::kMissingFile, labels.string());
      all.push_back({city, stem});
    }
  if (!problems.empty()) fail("{}: {}", split.string(), problems.summary());
  return all;
}

Image16 read_instance_ids(const fs::path& path) {
  Image16 ids = read_label16_png(path);
  for (const std::uint16_t value : ids.values())
    if (!is_cityscapes_label_id(class_of(value)))
      fail("{}: {} is no labelId or labelId * 1000 + number", path.string(), value);
  return ids;
}

/// The polygons are drawn in the same order with the same numbers whichever ids are wanted, so the
/// maps of train ids are those of the released ids, pixel by pixel.
void write_train_id_maps(const Image16& instances, const fs::path& from, const fs::path& to) {
  const fs::path label_path = from.string() + "_gtFine_labelIds.png";
  LabelMap labels = read_label_png(label_path);
  for (std::uint8_t& value : labels.values()) {
    if (!is_cityscapes_label_id(value)) fail("{}: {} is no labelId", label_path.string(), value);
    value = static_cast<std::uint8_t>(cityscapes_train_id(value));
  }
  write_png(to.string() + "_gtFine_labelTrainIds.png", labels);
  Image16 train_ids(instances.size(), 1);
  for (std::size_t i = 0; i < train_ids.values().size(); ++i) {
    const int value = instances.values()[i];
    const int train_id = cityscapes_train_id(class_of(value));
    const bool is_object = value >= kInstanceDivisor && train_id != kCityscapesVoid;
    train_ids.values()[i] = static_cast<std::uint16_t>(
        is_object ? train_id * kInstanceDivisor + value % kInstanceDivisor : train_id);
  }
  write_png(to.string() + "_gtFine_instanceTrainIds.png", train_ids);
}

struct Extent {
  int left = 1 << 30, top = 1 << 30, right = -1, bottom = -1;
  std::int64_t area = 0;
};

/// The segments of a picture in ascending order of their ids; evaluated classes only.
std::map<int, Extent> find_segments(const Image16& instances) {
  std::map<int, Extent> extents;
  for (int y = 0; y < instances.height(); ++y) {
    const std::uint16_t* row = instances.row(y);
    Extent* extent = nullptr;
    for (int x = 0; x < instances.width(); ++x) {
      if (x == 0 || row[x] != row[x - 1]) extent = &extents[row[x]];
      extent->left = std::min(extent->left, x);
      extent->right = std::max(extent->right, x);
      extent->top = std::min(extent->top, y);
      extent->bottom = y;
      ++extent->area;
    }
  }
  std::erase_if(extents, [](const auto& entry) {
    return cityscapes_train_id(class_of(entry.first)) == kCityscapesVoid;
  });
  return extents;
}

json describe_segments(const std::map<int, Extent>& segments, bool train_ids) {
  json list = json::array();
  for (const auto& [id, extent] : segments) {
    const int train_id = cityscapes_train_id(class_of(id));
    const bool is_thing = cityscapes_classes()[train_id].is_thing;
    list.push_back({{"id", id},
                    {"category_id", train_ids ? train_id : class_of(id)},
                    {"area", extent.area},
                    {"bbox",
                     {extent.left, extent.top, extent.right - extent.left + 1,
                      extent.bottom - extent.top + 1}},
                    {"iscrowd", is_thing && id < kInstanceDivisor ? 1 : 0}});
  }
  return list;
}

json describe_categories(bool train_ids) {
  json list = json::array();
  for (const ClassInfo& info : cityscapes_classes())
    list.push_back({{"id", train_ids ? info.id : cityscapes_label_id(info.id)},
                    {"name", info.name},
                    {"color", info.color},
                    {"supercategory", cityscapes_group(info.id)},
                    {"isthing", info.is_thing ? 1 : 0}});
  return list;
}

void prepare_split(const std::string& split, const PrepareOptions& options, FolderCache& folders) {
  const fs::path from = options.source / "gtFine" / split;
  const fs::path to = options.destination / "gtFine" / split;
  const std::vector<Labelled> all = list_labelled(from, folders);
  if (all.empty()) return;
  const fs::path base = options.destination / "gtFine" / ("cityscapes_panoptic_" + split);
  for (const char* variant : {"", "_trainId"}) make_directories(base.string() + variant);
  for (const std::string& city : folders.folders(from)) make_directories(to / city);

  std::vector<json> images(all.size());
  std::vector<std::map<int, Extent>> segments(all.size());
  Progress progress(split, all.size(), "pictures");
  parallel_for(all.size(), options.threads, [&](std::size_t i, int) {
    const auto& [city, stem] = all[i];
    const Image16 instances = read_instance_ids(from / city / (stem + "_gtFine_instanceIds.png"));
    if (!fs::exists((to / city / stem).string() + "_gtFine_instanceTrainIds.png"))
      write_train_id_maps(instances, from / city / stem, to / city / stem);
    segments[i] = find_segments(instances);
    IdMap ids(instances.size(), 1);
    for (std::size_t k = 0; k < ids.values().size(); ++k)
      ids.values()[k] = segments[i].contains(instances.values()[k]) ? instances.values()[k] : 0;
    // The ids are the same in both variants; only category_id differs.
    for (const char* variant : {"", "_trainId"})
      write_id_png(fs::path(base.string() + variant) / (stem + "_gtFine_panoptic.png"), ids);
    // The official script puts "_gtFine" into the picture's name, which its file doesn't have.
    images[i] = {{"id", stem},
                 {"width", instances.width()},
                 {"height", instances.height()},
                 {"file_name", stem + "_gtFine_leftImg8bit.png"}};
    progress.advance();
  });
  for (const bool train_ids : {false, true}) {
    json annotations = json::array();
    for (std::size_t i = 0; i < all.size(); ++i)
      annotations.push_back({{"image_id", all[i].stem},
                             {"file_name", all[i].stem + "_gtFine_panoptic.png"},
                             {"segments_info", describe_segments(segments[i], train_ids)}});
    const json document = {{"images", images},
                           {"annotations", annotations},
                           {"categories", describe_categories(train_ids)}};
    write_text_file(base.string() + (train_ids ? "_trainId" : "") + ".json", document.dump(4));
  }
}

}  // namespace

void prepare_cityscapes(const PrepareOptions& options) {
  FolderCache folders;
  if (!folders.has_folder(options.source / "gtFine"))
    fail("{}: no folder gtFine in it", options.source.string());
  for (const char* split : {"train", "val", "test"}) prepare_split(split, options, folders);
  if (folders.has_folder(options.source / "leftImg8bit"))
    place_folder(options.source / "leftImg8bit", options.destination / "leftImg8bit", options);
  if (folders.has_file(options.source / "license.txt") &&
      !fs::equivalent(options.source, options.destination))
    place_file(options.source / "license.txt", options.destination / "license.txt",
               options.placing);
}

}  // namespace tessera
