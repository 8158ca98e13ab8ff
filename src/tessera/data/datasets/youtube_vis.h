#pragma once

#include <memory>

#include "tessera/data/dataset.h"
#include "tessera/data/dataset_spec.h"
#include "tessera/data/problems.h"

namespace tessera {

/// YouTube-VIS 2019 and 2021, from the official files or those of the converter to COCO style.
/// Frames count from 0; track ids are the ids of the objects in the file.
std::unique_ptr<Dataset> open_youtube_vis(const DatasetSpec& spec, ProblemList& problems);

}  // namespace tessera
