#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "tensor.h"

namespace tessera::parity {

/// Every tensor of a golden's .safetensors file, as doubles.
std::map<std::string, Values> read_stored_tensors(const std::filesystem::path& path);

}  // namespace tessera::parity
