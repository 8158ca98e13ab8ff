#pragma once

#include <memory>

#include "tessera/data/dataset.h"
#include "tessera/data/dataset_spec.h"
#include "tessera/data/problems.h"

namespace tessera {

/// KITTI-STEP, in the benchmark's tree (images/, panoptic_maps/) or in Video K-Net's
/// (video_sequence/). Track ids are class * 10000 + instance; pixels of person and car without an
/// instance (0) are a crowd.
std::unique_ptr<Dataset> open_kitti_step(const DatasetSpec& spec, ProblemList& problems);

}  // namespace tessera
