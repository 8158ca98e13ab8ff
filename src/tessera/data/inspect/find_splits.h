#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tessera/data/dataset_spec.h"

namespace tessera {

/// The splits that a folder holds, told by its layout; a folder that is laid out as several formats
/// at once (COCO's instances and panoptic files) has those of each. `format` and `split`
/// narrow that down where they are given. An Error when there is none.
std::vector<DatasetSpec> find_splits(const std::filesystem::path& root,
                                     std::optional<DatasetFormat> format = std::nullopt,
                                     const std::string& split = "");

}  // namespace tessera
