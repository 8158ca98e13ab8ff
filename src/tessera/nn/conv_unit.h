#pragma once

#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/normalization.h>

#include <cstdint>
#include <string>

#include "tessera/nn/batch_norm.h"
#include "tessera/nn/inference_form.h"

namespace tessera {

enum class Norm { kNone, kBatch, kGroup32 };
enum class Activation { kNone, kRelu };

/// A convolution and the batch norm after it, which stand under names of their own in their parent
/// (`conv1`, `bn1`). Not a module: the parent owns both.
class ConvNorm {
 public:
  ConvNorm() = default;
  ConvNorm(torch::nn::Module& parent, const std::string& conv_name, const std::string& norm_name,
           const torch::nn::Conv2dOptions& options);

  torch::Tensor operator()(const torch::Tensor& x, Activation activation) const;
  bool empty() const { return conv_.is_empty(); }

  void fold_norm();
  void pack_weight();

 private:
  mutable torch::nn::Conv2d conv_{nullptr};
  mutable BatchNorm norm_{nullptr};  ///< none once it is folded
};

struct ConvUnitOptions {
  std::int64_t kernel = 1;
  std::int64_t stride = 1;
  std::int64_t padding = 0;
  std::int64_t dilation = 1;
  Norm norm = Norm::kNone;
  Activation activation = Activation::kNone;
};

/// Convolution, then norm, then activation: the references' ConvModule. The convolution (`conv`)
/// has a bias only where no norm follows; the norm is `bn` or `gn`.
class ConvUnitImpl : public torch::nn::Module, public InferenceForm {
 public:
  ConvUnitImpl(std::int64_t in_channels, std::int64_t out_channels, const ConvUnitOptions& options);
  torch::Tensor forward(const torch::Tensor& x);
  void fold_norms() override;
  void pack_weights() override;

  torch::nn::Conv2d conv{nullptr};
  BatchNorm bn{nullptr};
  torch::nn::GroupNorm gn{nullptr};

 private:
  Activation activation_;
};
TORCH_MODULE(ConvUnit);

}  // namespace tessera
