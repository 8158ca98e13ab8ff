#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "tessera/checkpoint/value.h"

namespace tessera {

/// Reads what torch.save wrote (the zip format since PyTorch 1.6, the legacy format before it), or
/// a plain pickle with numpy arrays. Executes nothing. Tensor data stays in the mapped file until
/// it is asked for; the pickle's checksum is verified here, a storage's by TensorStorage::verify.
std::shared_ptr<const ValueTree> read_torch_file(const std::filesystem::path& path);

/// The same from bytes; `owner` keeps them alive.
std::shared_ptr<const ValueTree> parse_torch_file(std::span<const std::uint8_t> bytes,
                                                  std::shared_ptr<const void> owner);

/// Writes a zip file that torch.load reads, also with weights_only=True: it holds tensors and plain
/// Python values only. numpy arrays become tensors, sets lists, and objects of other classes texts;
/// the result names what was changed so.
std::vector<std::string> write_torch_file(const std::filesystem::path& path, const Value& root);

}  // namespace tessera
