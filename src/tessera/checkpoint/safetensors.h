#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>

#include "tessera/checkpoint/tensor.h"

namespace tessera {

/// What a safetensors file holds: tensors, and free text by key (`__metadata__`).
struct Safetensors {
  NamedTensors tensors;
  std::map<std::string, std::string> metadata;
};

/// Maps the file; a tensor's pages are read when its elements are. Refuses a header that does not
/// describe the file's bytes exactly (holes, overlaps, sizes that disagree, names that stand
/// twice).
Safetensors read_safetensors(const std::filesystem::path& path);

/// The same from bytes; `owner` keeps them alive.
Safetensors parse_safetensors(std::span<const std::uint8_t> bytes,
                              std::shared_ptr<const void> owner);

/// Writes tensors in row-major order, those with the largest elements first so that all lie
/// aligned.
void write_safetensors(const std::filesystem::path& path, const NamedTensors& tensors,
                       const std::map<std::string, std::string>& metadata = {});

}  // namespace tessera
