#pragma once

#include <memory>

#include "tessera/data/dataset.h"
#include "tessera/data/dataset_spec.h"
#include "tessera/data/problems.h"

namespace tessera {

/// Videos (or pictures) of your own: frames/, panoptic/, classes.yaml and, where wanted, splits/.
/// docs/datasets/custom.md shows how to make one.
std::unique_ptr<Dataset> open_custom(const DatasetSpec& spec, ProblemList& problems);

}  // namespace tessera
