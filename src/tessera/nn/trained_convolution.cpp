#include "tessera/nn/trained_convolution.h"

#include <torch/torch.h>

#include "tessera/nn/compat.h"
#include "tessera/nn/winograd.h"

namespace tessera {
namespace {

/// Fewer pixels do not pay for the transformed weights.
constexpr std::int64_t kMinPixels = 512;

class WinogradConvolution : public torch::autograd::Function<WinogradConvolution> {
 public:
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& x,
                               const torch::Tensor& weight) {
    context->save_for_backward({x, weight});
    return winograd_convolve(x, winograd_weight(weight), {}, weight.size(0));
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const auto &x = saved[0], &weight = saved[1];
    const auto gradient = gradients[0].contiguous();
    torch::Tensor of_x, of_weight;
    if (context->needs_input_grad(0))
      of_x = winograd_convolve(gradient, winograd_weight(weight, KernelUse::kBack), {}, x.size(1));
    if (context->needs_input_grad(1)) of_weight = winograd_weight_gradient(x, gradient);
    return {of_x, of_weight};
  }
};

}  // namespace

bool suits_trained_convolution(const torch::nn::Conv2d& conv, const torch::Tensor& x) {
  const auto& weight = conv->weight;
  return torch::GradMode::is_enabled() && x.device().is_cpu() && x.layout() == torch::kStrided &&
         x.scalar_type() == torch::kFloat32 && weight.scalar_type() == torch::kFloat32 &&
         !autocast_of(torch::kCPU).on && x.size(2) * x.size(3) >= kMinPixels &&
         weight.size(0) % 4 == 0 && weight.size(1) % 4 == 0 && suits_winograd(conv);
}

torch::Tensor trained_convolution(const torch::nn::Conv2d& conv, const torch::Tensor& x) {
  auto y = WinogradConvolution::apply(x, conv->weight);
  if (conv->bias.defined()) y.add_(conv->bias.view({-1, 1, 1}));
  return y;
}

}  // namespace tessera
