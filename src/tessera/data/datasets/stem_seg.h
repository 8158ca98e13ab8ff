#pragma once

#include <memory>

#include "tessera/data/dataset.h"
#include "tessera/data/dataset_spec.h"
#include "tessera/data/problems.h"

namespace tessera {

/// The common annotation files of STEm-Seg and VIShv, for pictures ("images") or videos
/// ("sequences"). `annotations` is the file, `images` the folder that its picture paths start at.
std::unique_ptr<Dataset> open_stem_seg(const DatasetSpec& spec, ProblemList& problems);

}  // namespace tessera
