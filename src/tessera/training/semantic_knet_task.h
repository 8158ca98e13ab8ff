#pragma once

#include <vector>

#include "tessera/inference/semantic_predictor.h"
#include "tessera/models/knet/semantic_knet.h"
#include "tessera/training/task.h"

namespace tessera {

/// Trains semantic K-Net and its baselines; validates with mIoU.
class SemanticKNetTask : public TrainingTask {
 public:
  SemanticKNetTask(const Config& config, const std::vector<ClassInfo>& classes);

  torch::nn::Module& module() override { return *net_; }
  LossTerms losses(const Batch& batch, const StepContext& context) override;
  Scores validate(const Dataset& validation, int threads,
                  const std::function<void(ValidationSample)>& show) override;

 private:
  SemanticKNet net_;
  SemanticTestOptions test_;
  std::vector<ClassInfo> classes_;
};

}  // namespace tessera
