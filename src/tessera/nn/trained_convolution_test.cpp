#include "tessera/nn/trained_convolution.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "tessera/nn/fill.h"

namespace tessera {
namespace {

torch::nn::Conv2d trainable_conv(std::int64_t in, std::int64_t out, bool bias) {
  torch::nn::Conv2d conv(torch::nn::Conv2dOptions(in, out, 3).padding(1).bias(bias));
  fill_module(*conv);
  return conv;
}

double difference(const torch::Tensor& actual, const torch::Tensor& expected) {
  return ((actual.to(torch::kFloat64) - expected).abs().max() / expected.abs().max())
      .item<double>();
}

void expect_same_gradients(std::int64_t batch, std::int64_t in, std::int64_t out,
                           std::int64_t height, std::int64_t width, bool bias) {
  SCOPED_TRACE(testing::Message() << batch << " " << in << " " << out << " " << height << "x"
                                  << width);
  auto conv = trainable_conv(in, out, bias);
  auto exact = trainable_conv(in, out, bias);
  exact->to(torch::kFloat64);
  const auto x = signal("x", {batch, in, height, width}).requires_grad_();
  const auto wide = x.detach().to(torch::kFloat64).requires_grad_();
  ASSERT_TRUE(suits_trained_convolution(conv, x));
  const auto actual = trained_convolution(conv, x);
  const auto expected = exact(wide);
  ASSERT_EQ(actual.sizes(), expected.sizes());
  EXPECT_LT(difference(actual, expected), 5e-6);
  const auto change = signal("change", actual.sizes());
  actual.backward(change);
  expected.backward(change.to(torch::kFloat64));
  EXPECT_LT(difference(x.grad(), wide.grad()), 5e-6);
  EXPECT_LT(difference(conv->weight.grad(), exact->weight.grad()), 5e-6);
  if (bias) {
    EXPECT_LT(difference(conv->bias.grad(), exact->bias.grad()), 5e-6);
  }
}

TEST(TrainedConvolution, HasTheGradientsOfTheDefinition) {
  expect_same_gradients(1, 32, 48, 16, 32, true);
  expect_same_gradients(2, 40, 32, 23, 29, false);
  expect_same_gradients(1, 64, 64, 97, 311, true);
  expect_same_gradients(2, 256, 132, 61, 130,
                        false);  // more than one block of tiles, the last one shorter
}

TEST(TrainedConvolution, LeavesOutWhatNeedsNoGradient) {
  auto conv = trainable_conv(32, 32, true);
  const auto x = signal("x", {1, 32, 24, 32});
  trained_convolution(conv, x).sum().backward();
  EXPECT_TRUE(conv->weight.grad().defined());
  EXPECT_FALSE(x.grad().defined());
  for (auto& parameter : conv->parameters()) parameter.requires_grad_(false);
  EXPECT_FALSE(trained_convolution(conv, x.detach()).requires_grad());
}

TEST(TrainedConvolution, IsForFloatsThatAreTrained) {
  auto conv = trainable_conv(32, 32, true);
  const auto x = signal("x", {1, 32, 24, 32});
  EXPECT_TRUE(suits_trained_convolution(conv, x));
  EXPECT_FALSE(suits_trained_convolution(conv, x.to(torch::kFloat64)));
  EXPECT_FALSE(suits_trained_convolution(conv, x.slice(2, 0, 4)));
  EXPECT_FALSE(suits_trained_convolution(trainable_conv(34, 32, true), x));
  const torch::NoGradGuard no_grad;
  EXPECT_FALSE(suits_trained_convolution(conv, x));
}

}  // namespace
}  // namespace tessera
