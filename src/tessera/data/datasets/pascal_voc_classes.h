#pragma once

#include <vector>

#include "tessera/data/dataset.h"

namespace tessera {

/// The 20 classes, ids 1..20; colours are the VOC colour map.
const std::vector<ClassInfo>& pascal_voc_classes();

}  // namespace tessera
