#pragma once

#include <memory>

#include "tessera/data/dataset.h"
#include "tessera/data/dataset_spec.h"
#include "tessera/data/problems.h"

namespace tessera {

/// ADE20K scene parsing (ADEChallengeData2016): classes 0..149 per pixel, 255 unlabelled.
std::unique_ptr<Dataset> open_ade20k(const DatasetSpec& spec, ProblemList& problems);

}  // namespace tessera
