#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/linear.h>

#include <cstdint>

#include "tessera/nn/channel_norm.h"

namespace tessera {

/// How features and kernels are mixed: K-Net's way, and the four of the ablation study.
enum class KernelUpdate {
  kOriginal,         ///< both gates look at the product
  kConcatenate,      ///< both gates look at features and kernels side by side, half as wide each
  kSkip,             ///< the kernel itself is added instead of its gated projection
  kConcatenateSkip,  ///< both of these
  kMlp,              ///< as kOriginal, every linear layer replaced by two with a ReLU between
};

struct KernelUpdatorOptions {
  std::int64_t channels = 256;      ///< of the kernels, the features and inside
  std::int64_t out_channels = 256;  ///< of the result
  KernelUpdate update = KernelUpdate::kOriginal;
  bool gate_sigmoid = true;    ///< the gates go through a sigmoid
  bool gate_norm_act = false;  ///< a norm and a ReLU on what the gates look at
  bool activate_out = false;   ///< a ReLU on the normalised features before they are mixed
};

/// A linear layer, or two with a ReLU between (`fc1`, `fc2`).
class UpdatorLayer {
 public:
  UpdatorLayer() = default;
  UpdatorLayer(torch::nn::Module& parent, const char* name, std::int64_t in, std::int64_t out,
               bool mlp);
  torch::Tensor operator()(const torch::Tensor& x);

 private:
  torch::nn::Linear first_{nullptr}, second_{nullptr};
};

/// The adaptive kernel update of K-Net (section 3.2): gates, computed from the pooled features and
/// the kernels, mix the two.
class KernelUpdatorImpl : public torch::nn::Module {
 public:
  explicit KernelUpdatorImpl(const KernelUpdatorOptions& options = {});

  /// features: [M, C]; kernels: [M, K*K, C] -> [M, K*K, out_channels]
  torch::Tensor forward(const torch::Tensor& features, const torch::Tensor& kernels);

 private:
  ChannelNorm register_norm(const char* name, std::int64_t channels);
  torch::Tensor what_gates_see(const torch::Tensor& from_features,
                               const torch::Tensor& from_kernels);
  torch::Tensor gate(UpdatorLayer& layer, ChannelNorm& norm, const torch::Tensor& seen);
  torch::Tensor content(ChannelNorm& norm, const torch::Tensor& x);

  KernelUpdatorOptions options_;
  bool concatenates_, skips_;
  std::int64_t gate_channels_;  ///< of features and of kernels, in what the gates see
  UpdatorLayer dynamic_layer_, input_layer_, input_gate_, update_gate_, fc_layer_;
  ChannelNorm gate_norm_{nullptr}, norm_in_{nullptr}, norm_out_{nullptr};
  ChannelNorm input_norm_in_{nullptr}, input_norm_out_{nullptr}, fc_norm_{nullptr};
};
TORCH_MODULE(KernelUpdator);

}  // namespace tessera
