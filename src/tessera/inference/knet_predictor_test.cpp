#include "tessera/inference/knet_predictor.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <limits>
#include <set>

#include "tessera/core/error.h"
#include "tessera/inference/test_pictures.h"

namespace tessera {
namespace {

using test::noise, test::three_classes;

KNetOptions small_options(std::int64_t stuff) {
  KNetOptions options;
  options.backbone.resnet.depth = 18;
  options.head = {.channels = 32, .proposals = 6, .thing_classes = 2, .stuff_classes = stuff};
  options.stages = 2;
  options.feedforward_channels = 64;
  return options;
}

TestOptions small_test() {
  TestOptions test;
  test.scale = {160, 96};
  test.merge.overlap = 0;
  test.merge.thing_score = 0;
  return test;
}

TEST(KNetPredictor, PanopticMapsAreConsistentAtAnySize) {
  torch::manual_seed(1);
  KNetPredictor predictor(KNet(small_options(1)), small_test(), three_classes(), 2);
  for (const Size size : {Size{157, 90}, Size{1, 1}, Size{2000, 40}}) {
    const Prediction prediction = predictor.predict(noise(size));
    ASSERT_TRUE(prediction.panoptic);
    EXPECT_FALSE(prediction.instances);
    const PanopticPrediction& map = *prediction.panoptic;
    EXPECT_EQ(map.ids.size(), size);
    std::set<std::int32_t> ids;
    for (const auto& segment : map.segments) {
      ids.insert(segment.id);
      EXPECT_LT(segment.label, 3);
      EXPECT_EQ(std::count(map.ids.values().begin(), map.ids.values().end(), segment.id),
                segment.area);
    }
    EXPECT_EQ(ids.size(), map.segments.size());
    EXPECT_FALSE(ids.contains(0));
    for (const std::int32_t id : map.ids.values())
      EXPECT_TRUE(id == kVoidSegment || ids.contains(id));
  }
}

TEST(KNetPredictor, InstancesComeInDescendingScore) {
  torch::manual_seed(1);
  TestOptions test = small_test();
  test.instances.most = 5;
  KNetPredictor predictor(KNet(small_options(0)), test, three_classes(), 1);
  const Prediction prediction = predictor.predict(noise({120, 80}));
  ASSERT_TRUE(prediction.instances);
  ASSERT_EQ(prediction.instances->size(), 5u);
  for (std::size_t i = 0; i < 5; ++i) {
    const PredictedInstance& instance = (*prediction.instances)[i];
    EXPECT_TRUE(instance.label == 1 || instance.label == 2);
    EXPECT_EQ(instance.mask.size, (Size{120, 80}));
    if (i > 0) {
      EXPECT_LE(instance.score, (*prediction.instances)[i - 1].score);
    }
  }
}

TEST(KNetPredictor, NothingFoundIsAnEmptyMap) {
  TestOptions test = small_test();
  test.merge.overlap = 1e9;
  KNetPredictor predictor(KNet(small_options(1)), test, three_classes(), 1);
  const Prediction prediction = predictor.predict(noise({64, 64}));
  EXPECT_TRUE(prediction.panoptic->segments.empty());
  for (const std::int32_t id : prediction.panoptic->ids.values()) EXPECT_EQ(id, kVoidSegment);
}

TEST(KNetPredictor, RefusesWeightsThatAreNotNumbers) {
  KNet net(small_options(1));
  {
    const torch::NoGradGuard no_grad;
    net->parameters().back().fill_(std::numeric_limits<float>::quiet_NaN());
  }
  KNetPredictor predictor(net, small_test(), three_classes(), 1);
  EXPECT_THROW(predictor.predict(noise({64, 64})), Error);
}

TEST(KNetPredictor, RefusesAnotherClassList) {
  EXPECT_THROW(KNetPredictor(KNet(small_options(5)), small_test(), three_classes(), 1), Error);
}

}  // namespace
}  // namespace tessera
