#pragma once

#include <vector>

#include "tessera/data/class_list.h"
#include "tessera/inference/image_predictor.h"
#include "tessera/models/knet/knet.h"

namespace tessera {

/// K-Net on one picture after another: resize, normalise, pad, network, masks at full size.
class KNetPredictor : public ImagePredictor {
 public:
  /// Sets the network to evaluation. Its things are the first of `classes` that are things.
  KNetPredictor(KNet net, TestOptions test, const std::vector<ClassInfo>& classes, int threads);

  Prediction predict(const Image& picture) override;

 private:
  PanopticPrediction merge(const ScaledMasks& masks, const torch::Tensor& class_logits) const;

  KNet net_;
  TestOptions test_;
  ClassOrder order_;
  int threads_;
};

}  // namespace tessera
