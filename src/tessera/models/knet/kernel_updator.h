#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/normalization.h>

#include <cstdint>

namespace tessera {

struct KernelUpdatorOptions {
  std::int64_t channels = 256;      ///< of the kernels, the features and inside
  std::int64_t out_channels = 256;  ///< of the result
  bool gate_sigmoid = true;         ///< the two gates go through a sigmoid
  bool gate_norm_act = false;       ///< a norm and a ReLU on the product before the gates
  bool activate_out = false;        ///< a ReLU on both normalised features before they are mixed
};

/// The adaptive kernel update of K-Net (section 3.2): gates, computed from the product of the
/// pooled features and the kernels, mix the two.
class KernelUpdatorImpl : public torch::nn::Module {
 public:
  explicit KernelUpdatorImpl(const KernelUpdatorOptions& options = {});

  /// features: [M, C]; kernels: [M, K*K, C] -> [M, K*K, out_channels]
  torch::Tensor forward(const torch::Tensor& features, const torch::Tensor& kernels);

  torch::nn::Linear dynamic_layer, input_layer, input_gate, update_gate;
  torch::nn::LayerNorm norm_in, norm_out, input_norm_in, input_norm_out;
  torch::nn::LayerNorm gate_norm{nullptr};
  torch::nn::Linear fc_layer;
  torch::nn::LayerNorm fc_norm;

 private:
  KernelUpdatorOptions options_;
};
TORCH_MODULE(KernelUpdator);

}  // namespace tessera
