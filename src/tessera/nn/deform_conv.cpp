#include "tessera/nn/deform_conv.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>

#include "tessera/core/error.h"

namespace tessera {
namespace F = torch::nn::functional;
namespace {

/// Where each tap of each output pixel looks, in the [-1, 1] coordinates of grid_sample: [B, G,
/// K*K*Ho, Wo, 2] (x, y).
torch::Tensor sampling_grid(const torch::Tensor& input, const torch::Tensor& offset,
                            const DeformConvOptions& options) {
  const std::int64_t batch = offset.size(0), rows = offset.size(2), columns = offset.size(3);
  const std::int64_t taps = options.kernel * options.kernel;
  const auto options_of_offset = offset.options();
  const auto tap = torch::arange(options.kernel, options_of_offset) * options.dilation;
  const auto row =
      torch::arange(rows, options_of_offset) * options.stride - options.padding;  // of the window
  const auto column = torch::arange(columns, options_of_offset) * options.stride - options.padding;
  const auto shifts =
      offset.view({batch, options.offset_groups, options.kernel, options.kernel, 2, rows, columns});
  const auto y = shifts.select(4, 0) + tap.view({-1, 1, 1, 1}) + row.view({-1, 1});
  const auto x = shifts.select(4, 1) + tap.view({-1, 1, 1}) + column;
  // With corners aligned a coordinate c of n pixels stands at 2c/(n-1) - 1; one pixel needs any
  // positive width.
  const double last_row = std::max<std::int64_t>(input.size(2) - 1, 1);
  const double last_column = std::max<std::int64_t>(input.size(3) - 1, 1);
  const auto to_unit = [](const torch::Tensor& t, double last, std::int64_t size) {
    return size == 1 ? t * 2.0 : t * (2.0 / last) - 1.0;
  };
  return torch::stack({to_unit(x, last_column, input.size(3)), to_unit(y, last_row, input.size(2))},
                      -1)
      .view({batch, options.offset_groups, taps * rows, columns, 2});
}

}  // namespace

torch::Tensor deform_conv2d(const torch::Tensor& input, const torch::Tensor& offset,
                            const torch::Tensor& mask, const torch::Tensor& weight,
                            const torch::Tensor& bias, const DeformConvOptions& options) {
  const std::int64_t batch = input.size(0), channels = input.size(1);
  const std::int64_t rows = offset.size(2), columns = offset.size(3);
  const std::int64_t taps = options.kernel * options.kernel;
  const std::int64_t groups = options.offset_groups;
  if (input.size(2) < options.kernel || input.size(3) < options.kernel)
    fail(
        "deformable convolution: the input is {}x{}, smaller than its {}x{} kernel; use a larger "
        "image",
        input.size(3), input.size(2), options.kernel, options.kernel);
  const auto grid = sampling_grid(input, offset, options);
  // [B * G, C/G, K*K*Ho, Wo]; grid_sample's zero padding is exactly the references' border rule.
  auto sampled = F::grid_sample(
      input.reshape({batch * groups, channels / groups, input.size(2), input.size(3)}),
      grid.view({batch * groups, taps * rows, columns, 2}),
      F::GridSampleFuncOptions()
          .mode(torch::kBilinear)
          .padding_mode(torch::kZeros)
          .align_corners(true));
  sampled = sampled.view({batch, groups, channels / groups, taps, rows * columns});
  if (mask.defined()) sampled = sampled * mask.reshape({batch, groups, 1, taps, rows * columns});
  const auto patches =
      sampled.reshape({batch, options.groups, channels / options.groups * taps, rows * columns});
  const auto kernels = weight.view({options.groups, weight.size(0) / options.groups, -1});
  auto output = torch::matmul(kernels, patches).view({batch, weight.size(0), rows, columns});
  return bias.defined() ? output + bias.view({1, -1, 1, 1}) : output;
}

namespace {

torch::nn::Conv2d offset_conv(std::int64_t in_channels, std::int64_t values_per_tap,
                              const DeformConvOptions& options) {
  torch::nn::Conv2d conv(
      torch::nn::Conv2dOptions(
          in_channels, options.offset_groups * values_per_tap * options.kernel * options.kernel,
          options.kernel)
          .stride(options.stride)
          .padding(options.padding)
          .dilation(options.dilation));
  torch::nn::init::zeros_(conv->weight);
  torch::nn::init::zeros_(conv->bias);
  return conv;
}

torch::Tensor kernel_weight(std::int64_t in_channels, std::int64_t out_channels,
                            const DeformConvOptions& options) {
  const double bound =
      1.0 / std::sqrt(static_cast<double>(in_channels * options.kernel * options.kernel));
  return torch::empty({out_channels, in_channels / options.groups, options.kernel, options.kernel})
      .uniform_(-bound, bound);
}

}  // namespace

DeformConvImpl::DeformConvImpl(std::int64_t in_channels, std::int64_t out_channels,
                               const DeformConvOptions& options)
    : options_(options) {
  weight = register_parameter("weight", kernel_weight(in_channels, out_channels, options));
  conv_offset = register_module("conv_offset", offset_conv(in_channels, 2, options));
}

torch::Tensor DeformConvImpl::forward(const torch::Tensor& x) {
  return deform_conv2d(x, conv_offset(x), {}, weight, {}, options_);
}

ModulatedDeformConvImpl::ModulatedDeformConvImpl(std::int64_t in_channels,
                                                 std::int64_t out_channels,
                                                 const DeformConvOptions& options)
    : options_(options) {
  weight = register_parameter("weight", kernel_weight(in_channels, out_channels, options));
  conv_offset = register_module("conv_offset", offset_conv(in_channels, 3, options));
}

torch::Tensor ModulatedDeformConvImpl::forward(const torch::Tensor& x) {
  const auto parts = conv_offset(x).chunk(3, 1);
  return deform_conv2d(x, torch::cat({parts[0], parts[1]}, 1), torch::sigmoid(parts[2]), weight, {},
                       options_);
}

}  // namespace tessera
