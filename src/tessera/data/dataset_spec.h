#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace tessera {

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
};

/// "kitti-step" and so on; the names that configurations and `--format` use.
std::string_view to_string(DatasetFormat format);
/// UsageError with the nearest name for an unknown one.
DatasetFormat dataset_format_from_name(std::string_view name);
std::vector<std::string> dataset_format_names();

}  // namespace tessera
