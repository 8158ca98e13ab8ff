#include "tessera/models/knet/targets.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <limits>

#include "tessera/core/error.h"
#include "tessera/models/knet/knet.h"

namespace tessera {
namespace {

KNetOptions small_options() {
  KNetOptions options;
  options.backbone.resnet.depth = 18;
  options.head = {.channels = 32, .proposals = 6, .thing_classes = 2, .stuff_classes = 3};
  options.stages = 2;
  options.feedforward_channels = 64;
  return options;
}

TEST(MaskTargets, AQuarterPixelIsTheMeanOfItsMiddle) {
  auto mask = torch::zeros({1, 8, 8}, torch::kUInt8);
  mask[0].slice(0, 0, 4).slice(1, 0, 2).fill_(1);  // half of the first quarter pixel
  const auto targets = make_mask_targets(mask, torch::tensor({1}), {}, 2, {16, 16}, 4);
  EXPECT_EQ(targets.masks.sizes(), (std::vector<std::int64_t>{1, 4, 4}));
  EXPECT_EQ(targets.masks[0][0][0].item<float>(), 0.5F);
  EXPECT_EQ(targets.masks.sum().item<float>(), 0.5F);
}

TEST(MaskTargets, StuffComesFromTheSemanticMap) {
  auto semantic = torch::full({16, 16}, 255, torch::kUInt8);
  semantic.slice(0, 0, 8).fill_(4);
  semantic.slice(0, 8, 12).fill_(0);  // a thing: it comes from the objects
  const auto targets =
      make_mask_targets(torch::zeros({0, 16, 16}, torch::kUInt8), torch::zeros({0}, torch::kInt64),
                        semantic, 2, {16, 16}, 4);
  EXPECT_TRUE(torch::equal(targets.stuff_labels, torch::tensor({4})));
  EXPECT_EQ(targets.stuff_masks.sum().item<float>(), 8);
}

TEST(LastRow, TheLaterRowCoversTheEarlier) {
  const auto masks = torch::tensor({{{1, 1, 0}}, {{0, 1, 0}}});
  EXPECT_TRUE(torch::equal(last_row_at_each_pixel(torch::tensor({3, 7}), masks, -1),
                           torch::tensor({{3, 7, -1}})));
}

/// Nothing to learn from: no object, everything unlabelled.
MaskTargets empty_targets() {
  return make_mask_targets(torch::zeros({0, 64, 64}, torch::kUInt8),
                           torch::zeros({0}, torch::kInt64),
                           torch::full({64, 64}, 255, torch::kUInt8), 2, {64, 64}, 4);
}

TEST(KNetLosses, AllVoidGroundTruthGivesFiniteLossesAndGradients) {
  torch::manual_seed(1);
  KNet net(small_options());
  const auto terms = net->losses(torch::randn({1, 3, 64, 64}), {empty_targets()});
  for (const auto& [name, value] : terms) EXPECT_TRUE(value.isfinite().item<bool>()) << name;
  total_loss(terms).backward();
  for (const auto& item : net->named_parameters())
    if (item.value().grad().defined()) {
      EXPECT_TRUE(item.value().grad().isfinite().all().item<bool>()) << item.key();
    }
}

TEST(KNetLosses, NetworksThatComputeNoNumbersAreNamed) {
  KNet net(small_options());
  {
    const torch::NoGradGuard no_grad;
    net->parameters().front().fill_(std::numeric_limits<float>::quiet_NaN());
  }
  const auto targets =
      make_mask_targets(torch::ones({1, 64, 64}, torch::kUInt8), torch::tensor({1}),
                        torch::zeros({64, 64}, torch::kUInt8), 2, {64, 64}, 4);
  EXPECT_THROW(net->losses(torch::randn({1, 3, 64, 64}), {targets}), Error);
}

}  // namespace
}  // namespace tessera
