#include "tessera/nn/resnet.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "tessera/core/error.h"
#include "tessera/nn/tensor_io.h"

namespace tessera {
namespace {

std::int64_t trainable(const torch::nn::Module& module) {
  std::int64_t count = 0;
  for (const auto& parameter : module.parameters())
    if (parameter.requires_grad()) count += parameter.numel();
  return count;
}

TEST(ResNet, HasTorchvisionsNumberOfParameters) {
  // torchvision's counts without the classifier.
  const std::map<int, std::int64_t> expected = {
      {18, 11176512}, {34, 21284672}, {50, 23508032}, {101, 42500160}};
  for (const auto& [depth, count] : expected)
    EXPECT_EQ(trainable(*ResNet(ResNetOptions{.depth = depth})), count) << depth;
}

TEST(ResNet, BaseChannelsScaleEveryStage) {
  for (const bool deep_stem : {false, true}) {
    ResNet narrow(ResNetOptions{.depth = 18, .base_channels = 16, .deep_stem = deep_stem});
    EXPECT_EQ(narrow->out_channels(), (std::vector<std::int64_t>{16, 32, 64, 128}));
    narrow->eval();
    const torch::NoGradGuard no_grad;
    EXPECT_EQ(narrow(torch::zeros({1, 3, 64, 64}))[3].size(1), 128);
  }
}

TEST(ResNet, StagesHaveTheirStrides) {
  ResNet plain(ResNetOptions{.depth = 18});
  plain->eval();
  const torch::NoGradGuard no_grad;
  const auto stages = plain(torch::zeros({1, 3, 65, 95}));
  ASSERT_EQ(stages.size(), 4u);
  EXPECT_EQ(stages[0].sizes(), (std::vector<std::int64_t>{1, 64, 17, 24}));
  EXPECT_EQ(stages[3].sizes(), (std::vector<std::int64_t>{1, 512, 3, 3}));

  ResNet dilated(ResNetOptions{.depth = 50,
                               .deep_stem = true,
                               .strides = {1, 2, 1, 1},
                               .dilations = {1, 1, 2, 4},
                               .contract_dilation = true});
  dilated->eval();
  EXPECT_EQ(dilated(torch::zeros({1, 3, 64, 64})).back().sizes(),
            (std::vector<std::int64_t>{1, 2048, 8, 8}));
}

TEST(ResNet, FrozenStagesGetNoGradientAndNormsStayAsTheyAre) {
  ResNet net(ResNetOptions{.depth = 18, .frozen_stages = 1, .norm_eval = true});
  net->train();
  const auto mean = net->named_buffers()["layer2.0.bn1.running_mean"].clone();
  net(torch::randn({2, 3, 64, 64})).back().sum().backward();
  EXPECT_TRUE(torch::equal(net->named_buffers()["layer2.0.bn1.running_mean"], mean));
  for (const auto& item : net->named_parameters()) {
    const bool frozen = !item.key().starts_with("layer") || item.key().starts_with("layer1");
    EXPECT_EQ(item.value().grad().defined(), !frozen) << item.key();
  }
}

TEST(ResNet, WithoutFreezingNormsLearnTheirStatistics) {
  ResNet net(ResNetOptions{.depth = 18});
  net->train();
  const auto mean = net->named_buffers()["layer2.0.bn1.running_mean"].clone();
  net(torch::randn({2, 3, 64, 64}));
  EXPECT_FALSE(torch::equal(net->named_buffers()["layer2.0.bn1.running_mean"], mean));
}

TEST(ResNet, DeformableStagesHaveOffsets) {
  ResNet net(ResNetOptions{.depth = 50, .deformable = {false, true, true, true}});
  const auto parameters = net->named_parameters();
  EXPECT_FALSE(parameters.contains("layer1.0.conv2.conv_offset.weight"));
  EXPECT_EQ(parameters["layer2.3.conv2.conv_offset.weight"].sizes(),
            (std::vector<std::int64_t>{18, 128, 3, 3}));
}

TEST(ResNet, RefusesUnknownDepths) { EXPECT_THROW(ResNet(ResNetOptions{.depth = 51}), Error); }

}  // namespace
}  // namespace tessera
