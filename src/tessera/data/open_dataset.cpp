#include "tessera/data/open_dataset.h"

#include <spdlog/spdlog.h>

#include <utility>

#include "tessera/core/error.h"
#include "tessera/core/text.h"
#include "tessera/data/datasets/ade20k.h"
#include "tessera/data/datasets/cityscapes.h"
#include "tessera/data/datasets/cityscapes_vps.h"
#include "tessera/data/datasets/coco.h"
#include "tessera/data/datasets/custom.h"
#include "tessera/data/datasets/davis.h"
#include "tessera/data/datasets/kitti_mots.h"
#include "tessera/data/datasets/kitti_step.h"
#include "tessera/data/datasets/mapillary.h"
#include "tessera/data/datasets/pascal_voc.h"
#include "tessera/data/datasets/stem_seg.h"
#include "tessera/data/datasets/vipseg.h"
#include "tessera/data/datasets/youtube_vis.h"
#include "tessera/data/relabelled_dataset.h"

namespace tessera {
namespace {

std::unique_ptr<Dataset> open_by_format(const DatasetSpec& spec, ProblemList& problems) {
  switch (spec.format) {
    case DatasetFormat::kAde20k:
      return open_ade20k(spec, problems);
    case DatasetFormat::kCityscapes:
      return open_cityscapes(spec, problems);
    case DatasetFormat::kCityscapesStep:
      return open_cityscapes_step(spec, problems);
    case DatasetFormat::kCityscapesVps:
      return open_cityscapes_vps(spec, problems);
    case DatasetFormat::kCocoInstances:
      return open_coco_instances(spec, problems);
    case DatasetFormat::kCocoPanoptic:
      return open_coco_panoptic(spec, problems);
    case DatasetFormat::kCustom:
      return open_custom(spec, problems);
    case DatasetFormat::kDavis:
      return open_davis(spec, problems);
    case DatasetFormat::kKittiMots:
      return open_kitti_mots(spec, problems);
    case DatasetFormat::kKittiStep:
      return open_kitti_step(spec, problems);
    case DatasetFormat::kMapillary:
      return open_mapillary(spec, problems);
    case DatasetFormat::kPascalVoc:
      return open_pascal_voc(spec, problems);
    case DatasetFormat::kStemSeg:
      return open_stem_seg(spec, problems);
    case DatasetFormat::kVipseg:
      return open_vipseg(spec, problems);
    case DatasetFormat::kYoutubeVis:
      return open_youtube_vis(spec, problems);
  }
  fail("dataset format {} can't be opened", to_string(spec.format));
}

}  // namespace

std::unique_ptr<Dataset> open_dataset(const DatasetSpec& spec, ProblemList* problems) {
  ProblemList found;
  const std::string what =
      fmt::format("{} {} at {}", to_string(spec.format), spec.split, spec.root.string());
  if (!std::filesystem::is_directory(spec.root))
    fail("{}: no such folder; it should be the root of a {} dataset", spec.root.string(),
         to_string(spec.format));
  std::unique_ptr<Dataset> dataset = open_by_format(spec, found);
  if (spec.classes) dataset = relabel(std::move(dataset), *spec.classes);
  if (problems != nullptr) {
    *problems = std::move(found);
    return dataset;
  }
  if (found.has_errors()) fail("{}: {}; 'tessera inspect' lists them all", what, found.summary());
  if (dataset->size() == 0) fail("{}: there is no picture in it", what);
  if (!found.empty()) spdlog::warn("{}: {}", what, found.summary());
  return dataset;
}

}  // namespace tessera
