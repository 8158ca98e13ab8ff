#pragma once

#include <vector>

#include "tessera/data/dataset.h"

namespace tessera {

/// The 133 classes of COCO panoptic in order of their ids: 80 things, then 53 stuff classes.
const std::vector<ClassInfo>& coco_classes();

}  // namespace tessera
