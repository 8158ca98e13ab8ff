#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/conv.h>

#include <cstdint>

namespace tessera {

struct DeformConvOptions {
  std::int64_t kernel = 3;
  std::int64_t stride = 1;
  std::int64_t padding = 1;
  std::int64_t dilation = 1;
  std::int64_t groups = 1;         ///< of the convolution
  std::int64_t offset_groups = 1;  ///< channel groups with offsets of their own
};

/// Deformable convolution, v1 and (with a mask) v2, on the CPU and CUDA, differentiable in every
/// argument. offset: [B, 2 * offset_groups * K * K, Ho, Wo], for each tap the vertical then the
/// horizontal shift. mask: [B, offset_groups * K * K, Ho, Wo], or undefined. Outside the picture
/// the input counts as 0.
torch::Tensor deform_conv2d(const torch::Tensor& input, const torch::Tensor& offset,
                            const torch::Tensor& mask, const torch::Tensor& weight,
                            const torch::Tensor& bias, const DeformConvOptions& options);

/// A deformable convolution that predicts its own offsets (`conv_offset`) from its input; v1,
/// without bias.
class DeformConvImpl : public torch::nn::Module {
 public:
  DeformConvImpl(std::int64_t in_channels, std::int64_t out_channels,
                 const DeformConvOptions& options);
  torch::Tensor forward(const torch::Tensor& x);

  torch::Tensor weight;
  torch::nn::Conv2d conv_offset{nullptr};

 private:
  DeformConvOptions options_;
};
TORCH_MODULE(DeformConv);

/// Deformable convolution v2: `conv_offset` predicts offsets and, through a sigmoid, a mask.
class ModulatedDeformConvImpl : public torch::nn::Module {
 public:
  ModulatedDeformConvImpl(std::int64_t in_channels, std::int64_t out_channels,
                          const DeformConvOptions& options);
  torch::Tensor forward(const torch::Tensor& x);

  torch::Tensor weight;
  torch::nn::Conv2d conv_offset{nullptr};

 private:
  DeformConvOptions options_;
};
TORCH_MODULE(ModulatedDeformConv);

}  // namespace tessera
