#include "tessera/nn/decode_head.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "tessera/core/error.h"

namespace tessera {
namespace {

using Type = DecodeHeadOptions::Type;

const std::vector<std::int64_t> kInChannels = {4, 6, 8, 10};

DecodeHeadOptions small(Type type) {
  DecodeHeadOptions options;
  options.type = type;
  options.channels = 12;
  options.classes = 5;
  return options;
}

/// Maps of odd sizes, as a picture of 65x97 gives them.
std::vector<torch::Tensor> odd_maps(std::int64_t batch) {
  std::vector<torch::Tensor> maps;
  std::int64_t height = 17, width = 25;
  for (const std::int64_t channels : kInChannels) {
    maps.push_back(torch::randn({batch, channels, height, width}));
    height = (height + 1) / 2;
    width = (width + 1) / 2;
  }
  return maps;
}

TEST(DecodeHead, EveryKindTakesOddSizesAndLearns) {
  torch::manual_seed(1);
  for (const Type type : {Type::kFcn, Type::kPsp, Type::kAspp, Type::kUper}) {
    const auto head = make_decode_head(small(type), kInChannels);
    const auto maps = odd_maps(2);
    const auto logits = head->forward(maps);
    const auto& seen = maps[type == Type::kUper ? 0 : 3];
    EXPECT_EQ(logits.sizes(), (std::vector<std::int64_t>{2, 5, seen.size(2), seen.size(3)}));
    logits.square().sum().backward();
    for (const auto& item : head->named_parameters())
      EXPECT_TRUE(item.value().grad().defined()) << item.key();
  }
}

TEST(DecodeHead, DropsWholeChannelsInTrainingOnly) {
  torch::manual_seed(2);
  DecodeHeadOptions options = small(Type::kFcn);
  options.dropout = 0.5;
  const auto head = make_decode_head(options, kInChannels);
  const auto features = torch::randn({1, 12, 3, 4});
  {
    const torch::NoGradGuard no_grad;
    head->conv_seg->weight.zero_();
    head->conv_seg->weight[0].fill_(1);
    head->conv_seg->bias.zero_();
  }
  const auto whole = features.sum(1)[0];
  EXPECT_FALSE(torch::allclose(head->classify(features)[0][0], whole));
  head->eval();
  EXPECT_TRUE(torch::allclose(head->classify(features)[0][0], whole, 1e-4, 1e-5));
}

TEST(DecodeHead, PoolingNeedsTwoPicturesToLearnFrom) {
  for (const Type type : {Type::kPsp, Type::kAspp, Type::kUper}) {
    const auto head = make_decode_head(small(type), kInChannels);
    EXPECT_THROW(head->forward(odd_maps(1)), Error);
    head->eval();
    EXPECT_NO_THROW(head->forward(odd_maps(1)));
  }
}

}  // namespace
}  // namespace tessera
