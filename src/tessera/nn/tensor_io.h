#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tessera/checkpoint/checkpoint.h"

namespace tessera {

/// A tensor of a checkpoint as libtorch's, with memory of its own.
torch::Tensor to_torch(const TensorView& view);
/// The other way; the view keeps the tensor's memory alive.
TensorView from_torch(const torch::Tensor& tensor);

/// Parameters and buffers by their names, in the order in which torch's state_dict lists them.
std::vector<std::pair<std::string, torch::Tensor>> named_state(const torch::nn::Module& module);
/// The same as views, for writing.
NamedTensors state_views(const torch::nn::Module& module);

struct ShapeMismatch {
  std::string name;
  std::vector<std::int64_t> in_file;
  std::vector<std::int64_t> in_model;
};

/// How a checkpoint's tensors and a model's fit together by name.
struct LoadReport {
  std::size_t loaded = 0;
  std::vector<std::string> missing;  ///< in the model only
  std::vector<std::string> unused;   ///< in the file only
  std::vector<ShapeMismatch> mismatched;

  bool complete() const { return missing.empty() && unused.empty() && mismatched.empty(); }
  /// "3 tensors of the model are not in the file: a, b, c; ..."
  std::string describe() const;
};

/// Copies what fits by name and shape, to the module's own types and devices.
LoadReport load_what_fits(torch::nn::Module& module, const NamedTensors& tensors);

/// Opens a checkpoint (without DataParallel's prefix) and loads it; an Error says which names and
/// shapes differ when anything is missing, left over or of another shape. A missing
/// num_batches_tracked is none: old releases do not have it.
void load_checkpoint(torch::nn::Module& module, const std::filesystem::path& path);

}  // namespace tessera
