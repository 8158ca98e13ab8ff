#pragma once

#include <vector>

#include "tessera/data/inspect/inspect_split.h"
#include "tessera/image/image.h"

namespace tessera {

/// One picture that shows what a dataset holds: of every split some frames under their labels, the
/// frames of one sequence side by side, and the classes with their parts of the pixels.
Image draw_contact_sheet(const std::vector<SplitInspection>& splits);

}  // namespace tessera
