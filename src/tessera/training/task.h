#pragma once

#include <torch/nn/module.h>

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "tessera/core/config.h"
#include "tessera/data/dataset.h"
#include "tessera/data/loader/batch.h"
#include "tessera/image/image.h"
#include "tessera/metrics/metric.h"
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

/// What a validation counts, by the real metrics.
class ValidationScorer {
 public:
  virtual ~ValidationScorer() = default;
  /// Everything counted, and adding what another process has counted.
  virtual nlohmann::json save() const = 0;
  virtual void merge(const nlohmann::json& saved) = 0;
  virtual Scores scores() const = 0;
};

/// The part of the validation that this process does.
struct ValidationPart {
  Shard shard;  ///< of the pictures or sequences
  /// Gives every process what each has counted.
  std::function<std::vector<std::string>(const std::string& mine)> exchange;
};

/// A model as the training loop sees it.
class TrainingTask {
 public:
  virtual ~TrainingTask() = default;
  virtual torch::nn::Module& module() = 0;
  virtual LossTerms losses(const Batch& batch, const StepContext& context) = 0;
  /// Predicts the validation set and scores it; hands the first pictures over. The module is in
  /// evaluation mode. Every process calls it, does its part and gets the same scores.
  virtual Scores validate(const Dataset& validation, int threads,
                          const std::function<void(ValidationSample)>& show) = 0;

  void share_validation(ValidationPart part) { part_ = std::move(part); }

 protected:
  bool takes(std::size_t unit) const { return part_.shard.takes(unit); }
  /// The scores over what all processes have counted.
  Scores scores_of_all(ValidationScorer& scorer) const;

 private:
  ValidationPart part_;
};

/// The pixels of all frames, [frames, 3, height, width]. On the CPU the batch keeps them.
torch::Tensor batch_pixels(const Batch& batch, torch::Device device);

/// The task of a configuration's `model`. `classes` are the training set's.
std::unique_ptr<TrainingTask> make_training_task(const Config& config,
                                                 const std::vector<ClassInfo>& classes);

}  // namespace tessera
