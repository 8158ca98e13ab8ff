#pragma once

#include <memory>

#include "tessera/data/dataset.h"
#include "tessera/data/dataset_spec.h"
#include "tessera/data/problems.h"

namespace tessera {

/// DAVIS 2017, the unsupervised annotations: one class, track id = object number. Void (255) is an
/// ignored segment, except in "tennis", where 255 is an object (a slip of the annotation).
std::unique_ptr<Dataset> open_davis(const DatasetSpec& spec, ProblemList& problems);

}  // namespace tessera
