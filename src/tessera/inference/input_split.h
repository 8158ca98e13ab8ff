#pragma once

#include <memory>
#include <string>

#include "tessera/core/config.h"
#include "tessera/data/dataset.h"

namespace tessera {

/// What `predict INPUT` looks at where no file and no folder is called INPUT: the split of that
/// name of the dataset that the configuration validates on.
std::unique_ptr<Dataset> open_input_split(const std::string& input, const Config& config);

}  // namespace tessera
