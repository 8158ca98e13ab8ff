#pragma once

#include <memory>

#include "tessera/data/dataset.h"
#include "tessera/data/dataset_spec.h"
#include "tessera/data/problems.h"

namespace tessera {

/// Cityscapes-VPS: labelled frames with objects (track id = inst_id), class maps and, once
/// prepared, panoptic maps; or, with `all_frames`, every frame without labels. Accepts the released
/// and the older file names.
std::unique_ptr<Dataset> open_cityscapes_vps(const DatasetSpec& spec, ProblemList& problems);

}  // namespace tessera
