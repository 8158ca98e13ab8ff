#pragma once

#include <memory>

#include "tessera/data/dataset.h"
#include "tessera/data/dataset_spec.h"
#include "tessera/data/problems.h"

namespace tessera {

/// KITTI-MOTS: car and pedestrian with track id = class * 1000 + instance; the ignore region
/// (10000) is an ignored segment.
std::unique_ptr<Dataset> open_kitti_mots(const DatasetSpec& spec, ProblemList& problems);

}  // namespace tessera
