#pragma once

#include <torch/nn/modules/container/sequential.h>

#include <array>
#include <cstdint>
#include <vector>

#include "tessera/nn/backbone.h"
#include "tessera/nn/conv_unit.h"
#include "tessera/nn/inference_form.h"

namespace tessera {

struct ResNetOptions {
  int depth = 50;                   ///< 18, 34, 50 or 101
  std::int64_t stem_channels = 0;   ///< 0: base_channels
  std::int64_t base_channels = 64;  ///< of the first stage
  bool deep_stem = false;           ///< v1c: three 3x3 convolutions (`stem`) for one 7x7 (`conv1`)
  std::array<std::int64_t, 4> strides = {1, 2, 2, 2};
  std::array<std::int64_t, 4> dilations = {1, 1, 1, 1};
  bool contract_dilation = false;  ///< the first block of a dilated stage takes half its dilation
  std::array<bool, 4> deformable =
      {};                  ///< stages whose 3x3 convolutions are deformable (bottlenecks only)
  int frozen_stages = -1;  ///< 0: the stem gets no gradient; k: stages 1..k neither
  bool norm_eval = false;  ///< batch norms use their running statistics in training too
  bool recompute = false;  ///< training keeps no activations inside blocks (mmdet's with_cp)
};

/// ResNet as the references have it: the stride is in the 3x3 convolution. forward() returns
/// C2..C5, the outputs of the four stages. Parameters are named as in mmdet and mmseg (and
/// torchvision, without `fc`).
class ResNetImpl : public BackboneImpl, public InferenceForm {
 public:
  explicit ResNetImpl(const ResNetOptions& options);
  std::vector<torch::Tensor> forward(const torch::Tensor& image) override;
  void train(bool on = true) override;
  void fold_norms() override;
  void pack_weights() override;

  std::vector<std::int64_t> out_channels() const override { return out_channels_; }

 private:
  torch::Tensor forward_stem(const torch::Tensor& image);
  void freeze();

  ResNetOptions options_;
  std::vector<std::int64_t> out_channels_;
  ConvNorm conv1_;
  bool packed_ = false;
  torch::nn::Sequential stem_{nullptr};
  std::vector<torch::nn::Sequential> layers_;
};
TORCH_MODULE(ResNet);

}  // namespace tessera
