#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tessera/data/dataset.h"
#include "tessera/data/dataset_spec.h"
#include "tessera/data/problems.h"

namespace tessera {

/// Opens a split. Without `problems`, anything wrong with its files is an Error that summarises the
/// whole list (gaps between frames are a warning); with it, the list is handed over and what can be
/// used is opened.
std::unique_ptr<Dataset> open_dataset(const DatasetSpec& spec, ProblemList* problems = nullptr);

}  // namespace tessera
