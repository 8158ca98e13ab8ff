#pragma once

#include <vector>

#include "tessera/data/dataset.h"

namespace tessera {

/// The 124 classes of VIPSeg by category id: 58 things and 66 stuff classes, mixed.
const std::vector<ClassInfo>& vipseg_classes();

}  // namespace tessera
