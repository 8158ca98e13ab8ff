#pragma once

#include <memory>

#include "tessera/data/dataset.h"
#include "tessera/data/dataset_spec.h"
#include "tessera/data/problems.h"

/// Cityscapes from the released files (instanceIds, labelIds) or, where they are, the prepared ones
/// (instanceTrainIds, labelTrainIds); both say the same. Groups ("cargroup") are crowds.
namespace tessera {

std::unique_ptr<Dataset> open_cityscapes(const DatasetSpec& spec, ProblemList& problems);

/// The same pictures with the rule of STEP: person and car are things, all else is stuff.
std::unique_ptr<Dataset> open_cityscapes_step(const DatasetSpec& spec, ProblemList& problems);

}  // namespace tessera
