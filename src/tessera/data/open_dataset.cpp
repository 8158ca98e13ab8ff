#include "tessera/data/open_dataset.h"

#include <spdlog/spdlog.h>

#include "tessera/core/error.h"
#include "tessera/core/text.h"
#include "tessera/data/datasets/coco.h"
#include "tessera/data/datasets/kitti_step.h"

namespace tessera {
namespace {

std::unique_ptr<Dataset> open_by_format(const DatasetSpec& spec, ProblemList& problems) {
  switch (spec.format) {
    case DatasetFormat::kCocoInstances:
      return open_coco_instances(spec, problems);
    case DatasetFormat::kCocoPanoptic:
      return open_coco_panoptic(spec, problems);
    case DatasetFormat::kKittiStep:
      return open_kitti_step(spec, problems);
    default:
      break;
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
