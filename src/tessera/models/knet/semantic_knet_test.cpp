#include "tessera/models/knet/semantic_knet.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "tessera/core/error.h"

namespace tessera {
namespace {

SemanticKNetOptions small() {
  SemanticKNetOptions options;
  options.backbone.resnet = {.depth = 18, .base_channels = 8};
  options.classes = 4;
  options.head.channels = 16;
  options.update = {.updator_channels = 8, .attention_heads = 2, .feedforward_channels = 32};
  options.auxiliary.channels = 8;
  return options;
}

double value_of(const LossTerms& terms, const std::string& name) {
  for (const auto& [term, value] : terms)
    if (term == name) return value.item<double>();
  ADD_FAILURE() << "no term " << name;
  return 0;
}

TEST(SemanticKNet, NamesTheTermsAsMmseg) {
  torch::manual_seed(1);
  SemanticKNet net(small());
  const auto labels = torch::randint(0, 4, {2, 33, 47}, torch::kInt64);
  std::vector<std::string> names;
  for (const auto& [name, value] : net->losses(torch::randn({2, 3, 33, 47}), labels))
    names.push_back(name);
  EXPECT_EQ(names, (std::vector<std::string>{
                       "decode.loss_ce.s0", "decode.acc_seg.s0", "decode.loss_ce.s1",
                       "decode.acc_seg.s1", "decode.loss_ce.s2", "decode.acc_seg.s2",
                       "decode.loss_ce.s3", "decode.acc_seg.s3", "aux.loss_ce", "aux.acc_seg"}));
  SemanticKNetOptions plain = small();
  plain.stages = 0;
  SemanticKNet baseline(plain);
  EXPECT_EQ(baseline->losses(torch::randn({2, 3, 33, 47}), labels).front().first, "decode.loss_ce");
}

TEST(SemanticKNet, UnlabelledPixelsCountInTheMeans) {
  torch::manual_seed(2);
  SemanticKNetOptions options = small();
  options.head.dropout = options.auxiliary.dropout = 0;
  SemanticKNet net(options);
  const auto images = torch::randn({2, 3, 32, 32});
  auto labels = torch::zeros({2, 32, 32}, torch::kInt64);
  const double all = value_of(net->losses(images, labels), "decode.loss_ce.s3");
  labels[1].fill_(255);
  net->losses(images, labels);
  const double half = value_of(net->losses(images, labels), "decode.loss_ce.s3");
  EXPECT_GT(half, 0);
  EXPECT_LT(half, all);
}

TEST(SemanticKNet, WithoutAnyLabelTheLossIsZeroAndChangesNothing) {
  torch::manual_seed(3);
  SemanticKNet net(small());
  const LossTerms terms =
      net->losses(torch::randn({2, 3, 32, 32}), torch::full({2, 32, 32}, 255, torch::kInt64));
  for (const auto& [name, value] : terms) EXPECT_EQ(value.item<double>(), 0) << name;
  total_loss(terms).backward();
  for (const auto& item : net->named_parameters())
    EXPECT_EQ(item.value().grad().abs().sum().item<double>(), 0) << item.key();
}

TEST(SemanticKNet, StagesTrainTheFirstClassifierToo) {
  torch::manual_seed(4);
  SemanticKNet net(small());
  const LossTerms terms =
      net->losses(torch::randn({2, 3, 32, 32}), torch::randint(0, 4, {2, 32, 32}, torch::kInt64));
  for (const auto& [name, value] : terms)
    if (name == "decode.loss_ce.s3") value.backward();
  const auto parameters = net->named_parameters();
  EXPECT_GT(
      parameters["decode_head.kernel_generate_head.conv_seg.weight"].grad().norm().item<double>(),
      0);
}

TEST(SemanticKNet, BlocksStartAsIdentities) {
  SemanticKNet net(small());
  const auto parameters = net->named_parameters();
  EXPECT_EQ(parameters["backbone.layer2.1.bn2.weight"].abs().sum().item<double>(), 0);
  EXPECT_NE(parameters["backbone.layer2.1.bn1.weight"].abs().sum().item<double>(), 0);
  EXPECT_EQ(parameters["decode_head.kernel_update_head.0.feat_transform.conv.bias"]
                .abs()
                .sum()
                .item<double>(),
            0);
}

TEST(SemanticKNet, RefusesKernelsThatDoNotDivide) {
  SemanticKNetOptions options = small();
  options.update.updator_channels = 7;
  EXPECT_THROW(SemanticKNet{options}, Error);
}

}  // namespace
}  // namespace tessera
