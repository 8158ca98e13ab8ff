#include "tessera/models/knet/kernel_updator.h"

#include <torch/torch.h>

namespace tessera {

UpdatorLayer::UpdatorLayer(torch::nn::Module& parent, const char* name, std::int64_t in,
                           std::int64_t out, bool mlp)
    : first_(in, out) {
  if (!mlp) {
    parent.register_module(name, first_);
    return;
  }
  second_ = torch::nn::Linear(out, out);
  const auto both = parent.register_module(name, std::make_shared<torch::nn::Module>());
  both->register_module("fc1", first_);
  both->register_module("fc2", second_);
}

torch::Tensor UpdatorLayer::operator()(const torch::Tensor& x) {
  const auto y = first_(x);
  return second_.is_empty() ? y : second_(y.relu());
}

KernelUpdatorImpl::KernelUpdatorImpl(const KernelUpdatorOptions& options)
    : options_(options),
      concatenates_(options.update == KernelUpdate::kConcatenate ||
                    options.update == KernelUpdate::kConcatenateSkip),
      skips_(options.update == KernelUpdate::kSkip ||
             options.update == KernelUpdate::kConcatenateSkip),
      gate_channels_(concatenates_ ? options.channels / 2 : options.channels) {
  const std::int64_t channels = options.channels;
  const bool mlp = options.update == KernelUpdate::kMlp;
  dynamic_layer_ = {*this, "dynamic_layer", channels, gate_channels_ + channels, mlp};
  input_layer_ = {*this, "input_layer", channels, gate_channels_ + (skips_ ? 0 : channels), mlp};
  if (!skips_) input_gate_ = {*this, "input_gate", channels, channels, mlp};
  update_gate_ = {*this, "update_gate", channels, channels, mlp};
  if (options.gate_norm_act) gate_norm_ = register_norm("gate_norm", channels);
  norm_in_ = register_norm("norm_in", channels);
  norm_out_ = register_norm("norm_out", channels);
  if (!skips_) {
    input_norm_in_ = register_norm("input_norm_in", channels);
    input_norm_out_ = register_norm("input_norm_out", channels);
  }
  fc_layer_ = {*this, "fc_layer", channels, options.out_channels, mlp};
  fc_norm_ = register_norm("fc_norm", options.out_channels);
}

ChannelNorm KernelUpdatorImpl::register_norm(const char* name, std::int64_t channels) {
  return register_module(name, ChannelNorm(channels));
}

torch::Tensor KernelUpdatorImpl::what_gates_see(const torch::Tensor& from_features,
                                                const torch::Tensor& from_kernels) {
  auto seen = concatenates_ ? torch::cat({from_kernels, from_features.expand_as(from_kernels)}, -1)
                            : from_kernels * from_features;
  return options_.gate_norm_act ? gate_norm_(seen).relu() : seen;
}

torch::Tensor KernelUpdatorImpl::gate(UpdatorLayer& layer, ChannelNorm& norm,
                                      const torch::Tensor& seen) {
  const auto opened = norm(layer(seen));
  return options_.gate_sigmoid ? opened.sigmoid() : opened;
}

torch::Tensor KernelUpdatorImpl::content(ChannelNorm& norm, const torch::Tensor& x) {
  const auto normalised = norm(x);
  return options_.activate_out ? normalised.relu() : normalised;
}

torch::Tensor KernelUpdatorImpl::forward(const torch::Tensor& features,
                                         const torch::Tensor& kernels) {
  const auto from_features = dynamic_layer_(features).unsqueeze(1);  // [M, 1, gates + C]
  const auto from_kernels = input_layer_(kernels);                   // [M, K*K, gates (+ C)]
  const auto seen = what_gates_see(from_features.slice(-1, 0, gate_channels_),
                                   from_kernels.slice(-1, 0, gate_channels_));
  auto mixed = gate(update_gate_, norm_in_, seen) *
               content(norm_out_, from_features.slice(-1, gate_channels_));
  if (skips_)
    mixed = mixed + kernels;
  else
    mixed = mixed + gate(input_gate_, input_norm_in_, seen) *
                        content(input_norm_out_, from_kernels.slice(-1, gate_channels_));
  return fc_norm_(fc_layer_(mixed)).relu();
}

}  // namespace tessera
