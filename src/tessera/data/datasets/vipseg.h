#pragma once

#include <memory>

#include "tessera/data/dataset.h"
#include "tessera/data/dataset_spec.h"
#include "tessera/data/problems.h"

namespace tessera {

/// VIPSeg as released (imgs/) or shrunk to 720 rows (images/). Track ids are category * 1000 +
/// instance; frames count from 0 in the order of their files.
std::unique_ptr<Dataset> open_vipseg(const DatasetSpec& spec, ProblemList& problems);

}  // namespace tessera
