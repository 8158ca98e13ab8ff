#pragma once

#include <torch/nn/module.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tessera/core/config.h"
#include "tessera/data/dataset.h"
#include "tessera/data/loader/batch.h"
#include "tessera/image/image.h"
#include "tessera/nn/losses.h"

namespace tessera {

/// What a step needs to know of its surroundings.
struct StepContext {
  torch::Device device = torch::kCPU;
  /// The mean of a count over the processes that train together.
  std::function<torch::Tensor(torch::Tensor)> mean_over_ranks;
};

/// Numbers on the validation set, in percent; the first decides which checkpoint is the best.
using Scores = std::vector<std::pair<std::string, double>>;

/// A picture with the truth and what the model says.
struct ValidationSample {
  std::string name;
  Image truth;
  Image prediction;
};

/// A model as the training loop sees it.
class TrainingTask {
 public:
  virtual ~TrainingTask() = default;
  virtual torch::nn::Module& module() = 0;
  virtual LossTerms losses(const Batch& batch, const StepContext& context) = 0;
  /// Predicts the validation set and scores it; hands the first pictures over. The module is in
  /// evaluation mode.
  virtual Scores validate(const Dataset& validation, int threads,
                          const std::function<void(ValidationSample)>& show) = 0;
};

/// The task of a configuration's `model`. `classes` are the training set's.
std::unique_ptr<TrainingTask> make_training_task(const Config& config,
                                                 const std::vector<ClassInfo>& classes);

}  // namespace tessera
