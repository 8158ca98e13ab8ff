#pragma once

#include <vector>

#include "tessera/data/class_list.h"
#include "tessera/inference/image_predictor.h"
#include "tessera/models/knet/knet.h"
#include "tessera/training/task.h"

namespace tessera {

/// What a batch's frame shows, as K-Net learns it.
MaskTargets knet_targets(const BatchFrame& frame, const ClassOrder& order,
                         const KNetOptions& options, Size padded, torch::Device device);

/// An Error when a model has other numbers of classes than the data.
void check_data_classes(const KNetOptions& options, const ClassOrder& order);

/// Trains K-Net for instance or panoptic segmentation; validates with PQ (and mIoU), or with COCO's
/// mask AP.
class KNetTask : public TrainingTask {
 public:
  KNetTask(const Config& config, const std::vector<ClassInfo>& classes);

  torch::nn::Module& module() override { return *net_; }
  LossTerms losses(const Batch& batch, const StepContext& context) override;
  Scores validate(const Dataset& validation, int threads,
                  const std::function<void(ValidationSample)>& show) override;

 private:
  KNet net_;
  TestOptions test_;
  std::vector<ClassInfo> classes_;
  ClassOrder order_;
};

}  // namespace tessera
