#include "tessera/nn/count_work.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "tessera/nn/attention.h"
#include "tessera/nn/conv_unit.h"
#include "tessera/nn/resnet.h"

namespace tessera {
namespace {

TEST(CountWork, ConvolutionsAndProductsCountForTheirParts) {
  torch::nn::Module net;
  const auto conv = net.register_module(
      "conv", ConvUnit(4, 6, ConvUnitOptions{.kernel = 3, .stride = 2, .padding = 1}));
  const auto linear = net.register_module("linear", torch::nn::Linear(6, 5));
  const torch::InferenceMode inference;
  const auto parts = count_work(net, [&] {
    const auto y = conv->forward(torch::zeros({1, 4, 9, 12})).flatten(2).transpose(1, 2);
    const auto z = linear->forward(y);    // [1, 30, 5]
    z.matmul(z.transpose(1, 2).clone());  // without parameters: the last part's
  });
  ASSERT_EQ(parts.size(), 2u);
  EXPECT_EQ(parts[0].name, "conv");
  EXPECT_EQ(parts[0].parameters, 4 * 6 * 9 + 6);
  EXPECT_EQ(parts[0].multiply_adds, 4 * 6 * 9 * 5 * 6);
  EXPECT_EQ(parts[1].parameters, 6 * 5 + 5);
  EXPECT_EQ(parts[1].multiply_adds, 30 * 6 * 5 + 30 * 5 * 30);
}

TEST(CountWork, AttentionHasItsProjectionsAndItsProducts) {
  torch::nn::Module net;
  const auto attention = net.register_module("attention", MultiHeadAttention(16, 4));
  const torch::InferenceMode inference;
  const auto x = torch::zeros({1, 10, 16});
  const auto parts = count_work(net, [&] { attention->forward(x, x, x); });
  EXPECT_EQ(parts[0].multiply_adds, 4 * 10 * 16 * 16 + 2 * 10 * 10 * 16);
}

TEST(CountWork, ResNet50HasThePublishedNumber) {
  torch::nn::Module net;
  const auto resnet = net.register_module("resnet", ResNet(ResNetOptions{.depth = 50}));
  resnet->eval();
  const torch::InferenceMode inference;
  const auto parts = count_work(net, [&] { resnet->forward(torch::zeros({1, 3, 224, 224})); });
  // torchvision's 4.089 G without the classifier's 2048 x 1000.
  EXPECT_EQ(parts[0].multiply_adds, 4'089'184'256 - 2'048'000);
}

}  // namespace
}  // namespace tessera
