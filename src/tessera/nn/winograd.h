#pragma once

#include <torch/nn/modules/conv.h>
#include <torch/types.h>

namespace tessera {

/// Winograd's way to convolve with 3x3 kernels, F(4x4, 3x3): 36 products for 16 results of a
/// channel in place of 144.

/// Whether a convolution is one that this is for: 3x3, stride 1, undilated, one group, padded by
/// one, with enough channels to gain.
bool suits_winograd(const torch::nn::Conv2d& conv);
enum class KernelUse { kForward, kBack };
/// Floats [O, I, 3, 3] -> [6, 6, O / 6, I, 6]. Back are the gradients of results convolved to those
/// of x, and O and I change places.
torch::Tensor winograd_weight(const torch::Tensor& weight, KernelUse use = KernelUse::kForward);
bool is_winograd_weight(const torch::Tensor& weight);
/// x: dense floats [B, I, H, W]; bias may be undefined.
torch::Tensor winograd_convolve(const torch::Tensor& x, const torch::Tensor& winograd_weight,
                                const torch::Tensor& bias, std::int64_t out_channels);
/// The gradient of the weights, [O, I, 3, 3], from that of the results. O is a multiple of four, I
/// of two.
torch::Tensor winograd_weight_gradient(const torch::Tensor& x, const torch::Tensor& gradient);

}  // namespace tessera
