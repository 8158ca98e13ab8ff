#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tessera/checkpoint/tensor.h"
#include "tessera/checkpoint/value.h"

namespace tessera {

/// A checkpoint file of any format, opened: its weights by name, and what else it holds.
struct Checkpoint {
  std::string format;  ///< "safetensors" or "PyTorch"
  /// The key of the file under which the weights were found; empty when they are the whole file.
  std::string key;
  NamedTensors tensors;
  std::vector<std::string> other;  ///< names of what is no tensor, or beside the weights
  std::map<std::string, std::string> metadata;
  std::shared_ptr<const ValueTree> tree;  ///< of a PyTorch file
};

/// Opens a checkpoint; no tensor data is read. `key` chooses the part of a PyTorch file with dots
/// between levels; without it the first of state_dict, model, model_state_dict, module, net,
/// network, blobs that holds tensors is taken, otherwise the whole file. Names of nested dicts are
/// joined with dots.
Checkpoint open_checkpoint(const std::filesystem::path& path, const std::string& key = "");

/// Removes the prefix "module." of DataParallel when every name has it; false when some have not.
bool strip_module_prefix(NamedTensors& tensors);

struct ConvertOptions {
  std::string key = "";       ///< as for open_checkpoint
  bool strip_module = false;  ///< write the weights only, without DataParallel's prefix
};

/// Writes `in` in the format that the name `out` ends in (.safetensors; .pth, .pt, .tar). From .pth
/// to .pth everything is kept unless the options ask for a part. Returns a line for each thing
/// dropped or changed.
std::vector<std::string> convert_checkpoint(const std::filesystem::path& in,
                                            const std::filesystem::path& out,
                                            const ConvertOptions& options = {});

/// A table of names, dtypes, shapes and bytes, and totals.
std::string checkpoint_table(const Checkpoint& checkpoint);
/// The same as JSON.
std::string checkpoint_json(const Checkpoint& checkpoint);

}  // namespace tessera
