#pragma once

#include <vector>

#include "tessera/data/class_list.h"
#include "tessera/inference/video_predictor.h"
#include "tessera/models/video_knet/video_knet.h"
#include "tessera/training/task.h"

namespace tessera {

/// Trains Video K-Net on pairs of a key frame and a reference; validates with STQ and VPQ.
class VideoKNetTask : public TrainingTask {
 public:
  VideoKNetTask(const Config& config, const std::vector<ClassInfo>& classes);

  torch::nn::Module& module() override { return *net_; }
  LossTerms losses(const Batch& batch, const StepContext& context) override;
  Scores validate(const Dataset& validation, int threads,
                  const std::function<void(ValidationSample)>& show) override;

 private:
  VideoKNet net_;
  VideoTestOptions test_;
  std::vector<ClassInfo> classes_;
  ClassOrder order_;
};

}  // namespace tessera
