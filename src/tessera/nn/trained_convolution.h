#pragma once

#include <torch/nn/modules/conv.h>
#include <torch/types.h>

namespace tessera {

/// Whether `conv` of `x` and its gradients are computed faster by `trained_convolution`: in
/// training, floats on the CPU, a picture large enough.
bool suits_trained_convolution(const torch::nn::Conv2d& conv, const torch::Tensor& x);
/// The same as conv(x), by Winograd's way forward and backward.
torch::Tensor trained_convolution(const torch::nn::Conv2d& conv, const torch::Tensor& x);

}  // namespace tessera
