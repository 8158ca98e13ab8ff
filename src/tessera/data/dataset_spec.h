#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tessera {

/// What a training takes a dataset's classes for, so that datasets can be mixed.
struct ClassMapping {
  std::string list = {};                ///< the classes of the result (see class_list)
  std::vector<std::string> names = {};  ///< instead of a list: things of these names
  /// The dataset's class -> the result's; "*" stands for all other things. Objects of classes that
  /// it lacks are left out, their pixels are unlabelled.
  std::map<std::string, std::string> from = {};
  std::vector<std::string> ignored = {};  ///< classes whose objects are left out of training
  int least_area = 0;                     ///< objects of fewer pixels are dropped
  int most_objects = 0;  ///< of a picture: the smaller ones are left out of training; 0: no limit
};

enum class DatasetFormat {
  kAde20k,
  kCityscapes,
  kCityscapesStep,
  kCityscapesVps,
  kCocoInstances,
  kCocoPanoptic,
  kCustom,
  kDavis,
  kKittiMots,
  kKittiStep,
  kMapillary,
  kPascalVoc,
  kStemSeg,
  kVipseg,
  kYoutubeVis,
};

/// What to open. docs/datasets/ has a page for every format: its layout and its splits.
struct DatasetSpec {
  DatasetFormat format = DatasetFormat::kCustom;
  std::filesystem::path root;
  std::string split;
  /// Where the pictures or the annotations (a file or a folder) are, when not at the format's own
  /// place below `root`; relative paths start at `root`.
  std::filesystem::path images = {};
  std::filesystem::path annotations = {};
  /// Pictures alone: no annotation is looked for.
  bool without_labels = false;
  /// Cityscapes-VPS: all 30 frames of each video instead of the labelled ones.
  bool all_frames = false;
  std::optional<ClassMapping> classes = std::nullopt;
};

/// "kitti-step" and so on; the names that configurations and `--format` use.
std::string_view to_string(DatasetFormat format);
/// UsageError with the nearest name for an unknown one.
DatasetFormat dataset_format_from_name(std::string_view name);
std::vector<std::string> dataset_format_names();

}  // namespace tessera
