#pragma once

#include <memory>

#include "tessera/data/dataset.h"
#include "tessera/data/dataset_spec.h"

namespace tessera {

/// The dataset with other classes and, where the mapping says so, without small objects (as
/// STEm-Seg's image loaders do). An Error names classes that either side doesn't have.
std::unique_ptr<Dataset> relabel(std::unique_ptr<Dataset> dataset, const ClassMapping& mapping);

}  // namespace tessera
