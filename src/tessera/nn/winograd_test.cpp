#include "tessera/nn/winograd.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "tessera/nn/fill.h"

namespace tessera {
namespace {

torch::nn::Conv2d conv_of(std::int64_t in, std::int64_t out, bool bias = true) {
  torch::nn::Conv2d conv(torch::nn::Conv2dOptions(in, out, 3).padding(1).bias(bias));
  fill_module(*conv);
  return conv;
}

void expect_same(std::int64_t batch, std::int64_t in, std::int64_t out, std::int64_t height,
                 std::int64_t width, bool bias = true) {
  const torch::InferenceMode inference;
  auto conv = conv_of(in, out, bias);
  const auto x = signal("x", {batch, in, height, width});
  const auto expected =
      torch::conv2d(x.to(torch::kFloat64), conv->weight.to(torch::kFloat64),
                    bias ? conv->bias.to(torch::kFloat64) : torch::Tensor(), 1, 1);
  const auto actual = winograd_convolve(x, winograd_weight(conv->weight), conv->bias, out);
  ASSERT_EQ(actual.sizes(), expected.sizes());
  const auto off = (actual.to(torch::kFloat64) - expected).abs().max() / expected.abs().max();
  EXPECT_LT(off.item<double>(), 6e-6) << batch << " " << in << " " << height << "x" << width;
}

TEST(Winograd, ConvolvesAsDefined) {
  expect_same(1, 32, 48, 16, 24);
  expect_same(2, 40, 32, 17, 23);
  expect_same(1, 32, 32, 1, 1);
  expect_same(1, 32, 32, 3, 5, false);
  expect_same(1, 64, 64, 97, 311);
  expect_same(1, 512, 256, 61, 130);  // more than one block of tiles
}

TEST(Winograd, IsForPlainKernelsOfThreeByThree) {
  using Options = torch::nn::Conv2dOptions;
  const auto suits = [](const Options& options) {
    return suits_winograd(torch::nn::Conv2d(options));
  };
  EXPECT_TRUE(suits(Options(64, 64, 3).padding(1)));
  EXPECT_FALSE(suits(Options(64, 64, 3)));
  EXPECT_FALSE(suits(Options(64, 64, 1)));
  EXPECT_FALSE(suits(Options(64, 64, 3).padding(1).stride(2)));
  EXPECT_FALSE(suits(Options(64, 64, 3).padding(2).dilation(2)));
  EXPECT_FALSE(suits(Options(64, 64, 3).padding(1).groups(2)));
  EXPECT_FALSE(suits(Options(3, 64, 3).padding(1)));
}

TEST(Winograd, NamesAWrongNumberOfChannels) {
  const torch::InferenceMode inference;
  auto conv = conv_of(32, 32);
  EXPECT_ANY_THROW(
      winograd_convolve(signal("x", {1, 33, 4, 4}), winograd_weight(conv->weight), conv->bias, 32));
}

}  // namespace
}  // namespace tessera
