#pragma once

#include <filesystem>

#include "tessera/data/prepare/prepare.h"

namespace tessera {

/// Puts `source` at `destination` as a link or a copy, whole or not at all. A destination of the
/// same size is taken for done.
void place_file(const std::filesystem::path& source, const std::filesystem::path& destination,
                Placing placing);

/// Places every file of a folder and the folders in it; nothing when both are the same folder.
void place_folder(const std::filesystem::path& source, const std::filesystem::path& destination,
                  const PrepareOptions& options);

}  // namespace tessera
