#include "tessera/nn/inference_form.h"

#include <torch/torch.h>

#include "tessera/nn/trained_convolution.h"
#include "tessera/nn/winograd.h"

namespace tessera {
namespace {

/// Unqualified, because the variant is c10's in libtorch 1.13 and std's in 2.x.
torch::IntArrayRef padding_of(const torch::nn::Conv2d& conv) {
  return *get<torch::ExpandingArray<2>>(conv->options.padding());
}

}  // namespace

void move_module(torch::nn::Module& module, torch::Device device, torch::ScalarType type) {
  const auto moved = [&](const torch::Tensor& tensor) {
    return tensor.is_floating_point() ? tensor.to(device, type) : tensor.to(device);
  };
  for (auto& parameter : module.parameters()) parameter.set_data(moved(parameter));
  for (auto& buffer : module.buffers()) buffer.set_data(moved(buffer));
  // The biases of folded norms are no registered parameters: the module knows their names already,
  // as undefined.
  module.apply([&](torch::nn::Module& part) {
    if (auto* conv = part.as<torch::nn::Conv2d>())
      if (conv->bias.defined()) conv->bias = moved(conv->bias);
  });
}

namespace {

template <class Method>
void for_each_form(torch::nn::Module& module, Method method) {
  module.apply([method](torch::nn::Module& part) {
    if (auto* form = dynamic_cast<InferenceForm*>(&part)) (form->*method)();
  });
}

}  // namespace

void prepare_for_inference(torch::nn::Module& module, torch::Device device,
                           torch::ScalarType type) {
  const torch::NoGradGuard no_grad;
  module.eval();
  // While weights are still as exact as they come.
  for_each_form(module, &InferenceForm::fold_norms);
  move_module(module, device, type);
  if (device.is_cpu() && type == torch::kFloat32 && at::globalContext().hasMKLDNN())
    for_each_form(module, &InferenceForm::pack_weights);
}

void fold_norm(torch::nn::Conv2d& conv, const BatchNorm& norm) {
  const auto scale = norm->weight / (norm->running_var + norm->options.eps()).sqrt();
  const auto before = conv->bias.defined() ? conv->bias : torch::zeros_like(norm->running_mean);
  const auto bias = norm->bias + (before - norm->running_mean) * scale;
  conv->weight.copy_(conv->weight * scale.view({-1, 1, 1, 1}));
  conv->bias = bias;
}

void pack_weight(torch::nn::Conv2d& conv) {
  const auto& options = conv->options;
  auto registered = conv->weight;
  conv->weight = suits_winograd(conv) ? winograd_weight(registered.detach())
                                      : at::mkldnn_reorder_conv2d_weight(
                                            registered.detach().to_mkldnn(), padding_of(conv),
                                            options.stride(), options.dilation(), options.groups());
  registered.set_data(torch::empty({0}, registered.options()));
}

torch::Tensor convolve(torch::nn::Conv2d& conv, const torch::Tensor& x) {
  if (is_winograd_weight(conv->weight)) {
    const auto y =
        winograd_convolve(dense(x), conv->weight, conv->bias, conv->options.out_channels());
    return x.is_mkldnn() ? y.to_mkldnn() : y;
  }
  if (!conv->weight.is_mkldnn())
    return suits_trained_convolution(conv, x) ? trained_convolution(conv, x) : conv(x);
  const auto& options = conv->options;
  return at::mkldnn_convolution(x, conv->weight, conv->bias, padding_of(conv), options.stride(),
                                options.dilation(), options.groups());
}

torch::Tensor dense(const torch::Tensor& x) { return x.is_mkldnn() ? x.to_dense() : x; }

}  // namespace tessera
