#pragma once

#include <memory>

#include "tessera/data/dataset.h"
#include "tessera/data/dataset_spec.h"
#include "tessera/data/problems.h"

namespace tessera {

/// Mapillary Vistas v1.2; classes are those of config.json, without "Unlabeled", which is void.
std::unique_ptr<Dataset> open_mapillary(const DatasetSpec& spec, ProblemList& problems);

}  // namespace tessera
