#include "tessera/models/knet/kernel_updator.h"

#include <torch/torch.h>

namespace tessera {
namespace {

torch::nn::LayerNorm layer_norm(std::int64_t channels) {
  return torch::nn::LayerNorm(torch::nn::LayerNormOptions({channels}));
}

}  // namespace

KernelUpdatorImpl::KernelUpdatorImpl(const KernelUpdatorOptions& options)
    : dynamic_layer(options.channels, 2 * options.channels),
      input_layer(options.channels, 2 * options.channels),
      input_gate(options.channels, options.channels),
      update_gate(options.channels, options.channels),
      norm_in(layer_norm(options.channels)),
      norm_out(layer_norm(options.channels)),
      input_norm_in(layer_norm(options.channels)),
      input_norm_out(layer_norm(options.channels)),
      fc_layer(options.channels, options.out_channels),
      fc_norm(layer_norm(options.out_channels)),
      options_(options) {
  register_module("dynamic_layer", dynamic_layer);
  register_module("input_layer", input_layer);
  register_module("input_gate", input_gate);
  register_module("update_gate", update_gate);
  if (options.gate_norm_act) gate_norm = register_module("gate_norm", layer_norm(options.channels));
  register_module("norm_in", norm_in);
  register_module("norm_out", norm_out);
  register_module("input_norm_in", input_norm_in);
  register_module("input_norm_out", input_norm_out);
  register_module("fc_layer", fc_layer);
  register_module("fc_norm", fc_norm);
}

torch::Tensor KernelUpdatorImpl::forward(const torch::Tensor& features,
                                         const torch::Tensor& kernels) {
  const auto from_features = dynamic_layer(features).chunk(2, -1);  // [M, C] each
  const auto from_kernels = input_layer(kernels).chunk(2, -1);      // [M, K*K, C] each
  auto product = from_kernels[0] * from_features[0].unsqueeze(1);
  if (options_.gate_norm_act) product = gate_norm(product).relu();
  auto kernel_gate = input_norm_in(input_gate(product));
  auto feature_gate = norm_in(update_gate(product));
  if (options_.gate_sigmoid) {
    kernel_gate = kernel_gate.sigmoid();
    feature_gate = feature_gate.sigmoid();
  }
  auto new_features = norm_out(from_features[1]).unsqueeze(1);
  auto new_kernels = input_norm_out(from_kernels[1]);
  if (options_.activate_out) {
    new_features = new_features.relu();
    new_kernels = new_kernels.relu();
  }
  return fc_norm(fc_layer(feature_gate * new_features + kernel_gate * new_kernels)).relu();
}

}  // namespace tessera
