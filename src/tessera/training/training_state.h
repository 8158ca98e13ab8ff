#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "tessera/training/loss_scaler.h"

namespace tessera {

/// All that a training needs to go on as if it had never stopped.
struct TrainingState {
  std::map<std::string, torch::Tensor> model;  ///< the official names, as in a released checkpoint
  std::map<std::string, torch::Tensor> optimizer;
  std::map<std::string, torch::Tensor> average;  ///< of weights over time; empty without
  torch::Tensor random;                          ///< of torch's generator on the model's device
  LossScaler::State loss_scale;
  std::int64_t iteration = 0;  ///< that comes next
  std::int64_t skipped_samples = 0;
  double best = 0;  ///< the best validation so far
  bool has_best = false;
  std::string config;  ///< resolved, as YAML
};

/// Writes a .pth file that torch.load and every command of ours read: {state_dict, optimizer, ...}.
/// It is on the disk and whole before it takes its name.
void save_training_state(const std::filesystem::path& path, const TrainingState& state);
/// Weights alone: {state_dict}.
void save_weights(const std::filesystem::path& path,
                  const std::map<std::string, torch::Tensor>& model);
TrainingState load_training_state(const std::filesystem::path& path);

/// The checkpoint of the largest iteration in a folder ("iteration_120.pth").
std::optional<std::filesystem::path> newest_checkpoint(const std::filesystem::path& folder);
std::filesystem::path checkpoint_path(const std::filesystem::path& folder, std::int64_t iteration);
/// Removes the oldest checkpoints until `keep` are left.
void remove_old_checkpoints(const std::filesystem::path& folder, int keep);

}  // namespace tessera
