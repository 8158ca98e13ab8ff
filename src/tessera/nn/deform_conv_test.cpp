#include "tessera/nn/deform_conv.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>

#include "tessera/core/error.h"

namespace tessera {
namespace {

/// The value between pixels; pixels outside count as 0.
double sample(const torch::Tensor& plane, double y, double x) {
  const auto at = [&](double row, double column) {
    if (row < 0 || column < 0 || row >= plane.size(0) || column >= plane.size(1)) return 0.0;
    return plane[static_cast<std::int64_t>(row)][static_cast<std::int64_t>(column)].item<double>();
  };
  const double top = std::floor(y), left = std::floor(x);
  const double down = y - top, right = x - left;
  return (1 - down) * ((1 - right) * at(top, left) + right * at(top, left + 1)) +
         down * ((1 - right) * at(top + 1, left) + right * at(top + 1, left + 1));
}

/// The definition, pixel by pixel.
torch::Tensor by_definition(const torch::Tensor& input, const torch::Tensor& offset,
                            const torch::Tensor& mask, const torch::Tensor& weight,
                            const DeformConvOptions& o) {
  auto output = torch::zeros({input.size(0), weight.size(0), offset.size(2), offset.size(3)},
                             torch::kFloat64);
  const std::int64_t channels_per_offset = input.size(1) / o.offset_groups;
  const std::int64_t inputs_per_group = input.size(1) / o.groups;
  const std::int64_t outputs_per_group = weight.size(0) / o.groups;
  for (std::int64_t b = 0; b < input.size(0); ++b)
    for (std::int64_t k = 0; k < weight.size(0); ++k)
      for (std::int64_t r = 0; r < offset.size(2); ++r)
        for (std::int64_t c = 0; c < offset.size(3); ++c) {
          double sum = 0;
          for (std::int64_t local = 0; local < inputs_per_group; ++local)
            for (std::int64_t tap = 0; tap < o.kernel * o.kernel; ++tap) {
              const std::int64_t channel = k / outputs_per_group * inputs_per_group + local;
              const std::int64_t first = channel / channels_per_offset * o.kernel * o.kernel + tap;
              const double y = r * o.stride - o.padding + tap / o.kernel * o.dilation +
                               offset[b][2 * first][r][c].item<double>();
              const double x = c * o.stride - o.padding + tap % o.kernel * o.dilation +
                               offset[b][2 * first + 1][r][c].item<double>();
              const double gate = mask.defined() ? mask[b][first][r][c].item<double>() : 1;
              sum += gate * sample(input[b][channel], y, x) *
                     weight[k][local][tap / o.kernel][tap % o.kernel].item<double>();
            }
          output[b][k][r][c] = sum;
        }
  return output;
}

struct Inputs {
  torch::Tensor input, offset, mask, weight;
};

Inputs make_inputs(const DeformConvOptions& o, std::int64_t rows, std::int64_t columns) {
  torch::manual_seed(3);
  const auto options = torch::TensorOptions(torch::kFloat64);
  const std::int64_t taps = o.kernel * o.kernel;
  return {torch::randn({2, 4, 6, 7}, options),
          2 * torch::randn({2, 2 * o.offset_groups * taps, rows, columns}, options),
          torch::rand({2, o.offset_groups * taps, rows, columns}, options),
          torch::randn({6, 4 / o.groups, o.kernel, o.kernel}, options)};
}

TEST(DeformConv, EqualsItsDefinition) {
  const DeformConvOptions options = {.stride = 2, .groups = 2, .offset_groups = 2};
  const Inputs in = make_inputs(options, 3, 4);
  for (const auto& mask : {torch::Tensor(), in.mask}) {
    const auto actual = deform_conv2d(in.input, in.offset, mask, in.weight, {}, options);
    EXPECT_TRUE(torch::allclose(
        actual, by_definition(in.input, in.offset, mask, in.weight, options), 1e-10, 1e-10));
  }
}

TEST(DeformConv, ZeroOffsetsAreAPlainConvolution) {
  const DeformConvOptions options = {.padding = 2, .dilation = 2};
  const Inputs in = make_inputs(options, 6, 7);
  const auto bias = torch::randn({6}, torch::kFloat64);
  const auto expected = torch::conv2d(in.input, in.weight, bias, 1, 2, 2);
  EXPECT_TRUE(torch::allclose(
      deform_conv2d(in.input, torch::zeros_like(in.offset), {}, in.weight, bias, options), expected,
      1e-10, 1e-10));
}

TEST(DeformConv, GradientsEqualFiniteDifferences) {
  const DeformConvOptions options = {};
  Inputs in = make_inputs(options, 6, 7);
  for (torch::Tensor* argument : {&in.input, &in.offset, &in.mask, &in.weight})
    argument->set_requires_grad(true);
  const auto loss = [&] {
    return deform_conv2d(in.input, in.offset, in.mask, in.weight, {}, options).pow(2).sum();
  };
  loss().backward();
  torch::NoGradGuard no_grad;
  for (torch::Tensor* argument : {&in.input, &in.offset, &in.mask, &in.weight}) {
    auto flat = argument->view(-1);
    for (std::int64_t i = 0; i < flat.size(0); i += flat.size(0) / 5) {
      constexpr double kStep = 1e-6;
      const double value = flat[i].item<double>();
      flat[i] = value + kStep;
      const double above = loss().item<double>();
      flat[i] = value - kStep;
      const double below = loss().item<double>();
      flat[i] = value;
      const double expected = (above - below) / (2 * kStep);
      EXPECT_NEAR(argument->grad().view(-1)[i].item<double>(), expected,
                  1e-5 * std::max(1.0, std::abs(expected)));
    }
  }
}

TEST(DeformConv, NewModulesAreAPlainConvolution) {
  ModulatedDeformConv conv(4, 6, DeformConvOptions{});
  const auto x = torch::randn({1, 4, 5, 5});
  // Zero offsets, and a mask of sigmoid(0).
  EXPECT_TRUE(torch::allclose(conv(x), 0.5 * torch::conv2d(x, conv->weight, {}, 1, 1), 1e-4, 1e-5));
}

TEST(DeformConv, RefusesInputsSmallerThanTheKernel) {
  DeformConv conv(4, 6, DeformConvOptions{});
  EXPECT_THROW(conv(torch::zeros({1, 4, 2, 5})), Error);
}

}  // namespace
}  // namespace tessera
