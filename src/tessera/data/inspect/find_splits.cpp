#include "tessera/data/inspect/find_splits.h"

#include <algorithm>
#include <string>
#include <utility>

#include "tessera/core/error.h"
#include "tessera/core/text.h"
#include "tessera/data/datasets/kitti_sequences.h"
#include "tessera/data/folder_cache.h"

namespace tessera {
namespace {

namespace fs = std::filesystem;
using Names = std::vector<std::string>;

const Names kSplits = {"train", "val", "test"};

/// Those of train, val and test for which `is_there` holds.
template <class IsThere>
Names splits_where(const IsThere& is_there) {
  Names found;
  std::copy_if(kSplits.begin(), kSplits.end(), std::back_inserter(found), is_there);
  return found;
}

/// The folder that ADE20K and Mapillary call a split's.
std::string long_name(const std::string& split) {
  return split == "train" ? "training" : split == "val" ? "validation" : "testing";
}

Names ade20k(const fs::path& root, FolderCache& folders) {
  const fs::path inner = root / "ADEChallengeData2016";
  const fs::path images = (folders.has_folder(inner) ? inner : root) / "images";
  return splits_where(
      [&](const auto& split) { return folders.has_folder(images / long_name(split)); });
}

Names cityscapes(const fs::path& root, FolderCache& folders) {
  return splits_where(
      [&](const auto& split) { return folders.has_folder(root / "leftImg8bit" / split); });
}

Names cityscapes_vps(const fs::path& root, FolderCache& folders) {
  return splits_where([&](const auto& split) {
    const Names lists = {"instances_" + split + "_city_vps_rle.json",
                         "instances_" + split + "_01_city_coco_rle.json",
                         "panoptic_im_" + split + "_city_vps.json"};
    return std::any_of(lists.begin(), lists.end(),
                       [&](const auto& list) { return folders.has_file(root / list); });
  });
}

/// The middle of the names annotations/<start>*<year>.json.
Names coco_splits(const fs::path& root, const std::string& start, FolderCache& folders) {
  constexpr std::string_view kEnding = "2017.json";
  Names found;
  for (const std::string& name : folders.files_ending(root / "annotations", kEnding))
    if (name.starts_with(start))
      found.push_back(name.substr(start.size(), name.size() - start.size() - kEnding.size()));
  return found;
}

Names coco_instances(const fs::path& root, FolderCache& folders) {
  Names found = coco_splits(root, "instances_", folders);
  for (const std::string& split : coco_splits(root, "image_info_", folders)) found.push_back(split);
  return found;
}

Names coco_panoptic(const fs::path& root, FolderCache& folders) {
  return coco_splits(root, "panoptic_", folders);
}

Names list_names(const fs::path& folder, FolderCache& folders) {
  Names found;
  for (const std::string& name : folders.files_ending(folder, ".txt"))
    found.push_back(fs::path(name).stem().string());
  return found;
}

Names custom(const fs::path& root, FolderCache& folders) {
  if (!folders.has_file(root / "classes.yaml")) return {};
  const Names listed = list_names(root / "splits", folders);
  return listed.empty() ? Names{""} : listed;
}

Names davis(const fs::path& root, FolderCache& folders) {
  if (!folders.has_folder(root / "JPEGImages" / "480p")) return {};
  Names found;
  for (const auto& [year, splits] :
       {std::pair{"2017", Names{"train", "val"}}, {"2019", Names{"test-dev", "test-challenge"}}})
    for (const std::string& split : splits)
      if (folders.has_file(root / "ImageSets" / year / (split + ".txt"))) found.push_back(split);
  return found;
}

Names kitti_mots(const fs::path& root, FolderCache& folders) {
  const fs::path training = root / "training" / "image_02";
  return splits_where([&](const std::string& split) {
    if (split == "test") return folders.has_folder(root / "testing" / "image_02");
    if (!folders.has_folder(root / "instances")) return false;
    if (folders.has_file(root / ("evaluate_mots.seqmap." + split))) return true;
    const Names sequences = kitti_sequences(split);
    return std::any_of(sequences.begin(), sequences.end(), [&](const auto& sequence) {
      return folders.has_folder(training / sequence);
    });
  });
}

Names kitti_step(const fs::path& root, FolderCache& folders) {
  const fs::path renamed = root / "video_sequence";
  if (folders.has_folder(renamed))
    return splits_where([&](const auto& split) { return folders.has_folder(renamed / split); });
  if (!folders.has_folder(root / "panoptic_maps")) return {};
  return splits_where(
      [&](const auto& split) { return folders.has_folder(root / "images" / split); });
}

Names mapillary(const fs::path& root, FolderCache& folders) {
  if (!folders.has_file(root / "config.json")) return {};
  return splits_where(
      [&](const auto& split) { return folders.has_folder(root / long_name(split) / "images"); });
}

Names pascal_voc(const fs::path& root, FolderCache& folders) {
  fs::path inner = root;
  for (const char* name : {"VOCdevkit", "VOC2012"})
    if (folders.has_folder(inner / name)) inner /= name;
  return splits_where([&](const auto& split) {
    return folders.has_file(inner / "ImageSets" / "Segmentation" / (split + ".txt"));
  });
}

Names stem_seg(const fs::path& root, FolderCache& folders) {
  Names found;
  for (const char* name :
       {"coco", "pascal_voc", "mapillary", "youtube_vis_train", "youtube_vis_val", "davis_train",
        "davis_val", "kittimots_train", "kittimots_val"})
    if (folders.has_file(root / (std::string(name) + ".json"))) found.emplace_back(name);
  return found;
}

Names vipseg(const fs::path& root, FolderCache& folders) {
  if (!folders.has_folder(root / "imgs") && !folders.has_folder(root / "images")) return {};
  return splits_where(
      [&](const std::string& split) { return folders.has_file(root / (split + ".txt")); });
}

Names youtube_vis(const fs::path& root, FolderCache& folders) {
  return splits_where([&](const std::string& split) {
    const std::string name = split == "val" ? "valid" : split;
    const fs::path annotations = root / "annotations";
    return folders.has_file(root / name / "instances.json") ||
           folders.has_file(annotations / (name + ".json")) ||
           folders.has_file(annotations / ("youtube_vis_2019_" + name + ".json")) ||
           folders.has_file(annotations / ("youtube_vis_2021_" + name + ".json"));
  });
}

struct Layout {
  DatasetFormat format;
  Names (*splits)(const fs::path& root, FolderCache& folders);
};

constexpr Layout kLayouts[] = {
    {DatasetFormat::kAde20k, ade20k},
    {DatasetFormat::kCityscapes, cityscapes},
    {DatasetFormat::kCityscapesStep, cityscapes},
    {DatasetFormat::kCityscapesVps, cityscapes_vps},
    {DatasetFormat::kCocoInstances, coco_instances},
    {DatasetFormat::kCocoPanoptic, coco_panoptic},
    {DatasetFormat::kCustom, custom},
    {DatasetFormat::kDavis, davis},
    {DatasetFormat::kKittiMots, kitti_mots},
    {DatasetFormat::kKittiStep, kitti_step},
    {DatasetFormat::kMapillary, mapillary},
    {DatasetFormat::kPascalVoc, pascal_voc},
    {DatasetFormat::kStemSeg, stem_seg},
    {DatasetFormat::kVipseg, vipseg},
    {DatasetFormat::kYoutubeVis, youtube_vis},
};

/// Two readings of the same files: the first is taken unless the other is asked for.
bool is_asked_for_only(DatasetFormat format) { return format == DatasetFormat::kCityscapesStep; }

}  // namespace

std::vector<DatasetSpec> find_splits(const fs::path& root, std::optional<DatasetFormat> format,
                                     const std::string& split) {
  if (!fs::is_directory(root)) fail("{}: no such folder", root.string());
  FolderCache folders;
  std::vector<DatasetSpec> found;
  for (const Layout& layout : kLayouts) {
    if (format ? layout.format != *format : is_asked_for_only(layout.format)) continue;
    for (const std::string& name : layout.splits(root, folders))
      found.push_back({layout.format, root, name});
  }
  if (found.empty() && format)
    fail("{}: no split of a {} dataset is there; docs/datasets shows its layout", root.string(),
         to_string(*format));
  const auto formats = dataset_format_names();
  if (found.empty())
    fail("{}: isn't laid out as any dataset that is known ({}); docs/datasets shows their layouts",
         root.string(), summarize(formats, formats.size()));
  if (split.empty()) return found;
  std::vector<std::string> names;
  for (const DatasetSpec& spec : found) names.push_back(spec.split);
  std::erase_if(found, [&](const DatasetSpec& spec) { return spec.split != split; });
  if (found.empty())
    fail("{}: has no split '{}'; found {}", root.string(), split, summarize(names, names.size()));
  return found;
}

}  // namespace tessera
