#pragma once

#include <vector>

#include "tessera/data/dataset.h"

namespace tessera {

/// The 150 classes; the id is the value in the annotation pictures, one more than the index.
const std::vector<ClassInfo>& ade20k_classes();

}  // namespace tessera
