#pragma once

#include <memory>

#include "tessera/data/dataset.h"
#include "tessera/data/dataset_spec.h"
#include "tessera/data/problems.h"

/// COCO 2017. Labels are positions in the category list of the annotation file. The split is
/// "train", "val" or "test-dev"; `annotations` may name any other file of the same form.
namespace tessera {

/// Objects as instances (instances_*.json); crowds are marked, unusable boxes dropped.
std::unique_ptr<Dataset> open_coco_instances(const DatasetSpec& spec, ProblemList& problems);

/// Panoptic maps (panoptic_*.json and the folder of PNGs that has its name).
std::unique_ptr<Dataset> open_coco_panoptic(const DatasetSpec& spec, ProblemList& problems);

}  // namespace tessera
