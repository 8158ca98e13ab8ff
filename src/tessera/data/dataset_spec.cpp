#include "tessera/data/dataset_spec.h"

#include <utility>

#include "tessera/core/error.h"
#include "tessera/core/text.h"

namespace tessera {
namespace {

constexpr std::pair<DatasetFormat, std::string_view> kNames[] = {
    {DatasetFormat::kAde20k, "ade20k"},
    {DatasetFormat::kCityscapes, "cityscapes"},
    {DatasetFormat::kCityscapesStep, "cityscapes-step"},
    {DatasetFormat::kCityscapesVps, "cityscapes-vps"},
    {DatasetFormat::kCocoInstances, "coco-instances"},
    {DatasetFormat::kCocoPanoptic, "coco-panoptic"},
    {DatasetFormat::kCustom, "custom"},
    {DatasetFormat::kDavis, "davis"},
    {DatasetFormat::kKittiMots, "kitti-mots"},
    {DatasetFormat::kKittiStep, "kitti-step"},
    {DatasetFormat::kMapillary, "mapillary"},
    {DatasetFormat::kPascalVoc, "pascal-voc"},
    {DatasetFormat::kStemSeg, "stem-seg"},
    {DatasetFormat::kVipseg, "vipseg"},
    {DatasetFormat::kYoutubeVis, "youtube-vis"},
};

}  // namespace

std::string_view to_string(DatasetFormat format) {
  for (const auto& [value, name] : kNames)
    if (value == format) return name;
  fail("dataset format {} has no name", static_cast<int>(format));
}

DatasetFormat dataset_format_from_name(std::string_view name) {
  for (const auto& [value, known] : kNames)
    if (known == name) return value;
  const auto names = dataset_format_names();
  throw UsageError(fmt::format("unknown dataset format '{}'{}; known are {}", name,
                               did_you_mean(name, names), summarize(names, names.size())));
}

std::vector<std::string> dataset_format_names() {
  std::vector<std::string> names;
  for (const auto& [value, name] : kNames) names.emplace_back(name);
  return names;
}

}  // namespace tessera
