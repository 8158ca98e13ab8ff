#pragma once

#include <memory>

#include "tessera/data/dataset.h"
#include "tessera/data/dataset_spec.h"
#include "tessera/data/problems.h"

namespace tessera {

/// PASCAL VOC 2012 objects: one segment an object with the class that SegmentationClass has below
/// it; the border (255) is an ignored segment.
std::unique_ptr<Dataset> open_pascal_voc(const DatasetSpec& spec, ProblemList& problems);

}  // namespace tessera
