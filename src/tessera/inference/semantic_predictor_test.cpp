#include "tessera/inference/semantic_predictor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <limits>
#include <string>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/inference/test_pictures.h"
#include "test_support.h"

namespace tessera {
namespace {

using Mode = SemanticTestOptions::Mode;
using test::noise, test::three_classes;
using ::testing::HasSubstr;

SemanticKNetOptions small_options() {
  SemanticKNetOptions options;
  options.backbone.resnet = {.depth = 18, .base_channels = 8, .dilations = {1, 1, 2, 4}};
  options.backbone.resnet.strides = {1, 2, 1, 1};
  options.classes = 3;
  options.head.channels = 16;
  options.stages = 1;
  options.update = {.updator_channels = 16, .attention_heads = 2, .feedforward_channels = 16};
  options.auxiliary_weight = 0;
  return options;
}

SemanticTestOptions small_test(Mode mode) {
  SemanticTestOptions test;
  test.mode = mode;
  test.scale = {160, 64};
  test.crop = {48, 48};
  test.stride = {32, 32};
  return test;
}

TEST(SemanticPredictor, EveryPixelOfAnySizeGetsAClass) {
  torch::manual_seed(1);
  const SemanticKNet net(small_options());
  for (const Mode mode : {Mode::kWhole, Mode::kSlide}) {
    SemanticPredictor predictor(net, small_test(mode), three_classes(), 2);
    for (const Size size : {Size{97, 53}, Size{1, 1}, Size{300, 20}}) {
      const Prediction prediction = predictor.predict(noise(size));
      ASSERT_TRUE(prediction.semantic);
      EXPECT_EQ(prediction.semantic->size(), size);
      for (const std::uint8_t label : prediction.semantic->values()) ASSERT_LT(label, 3);
    }
  }
}

TEST(SemanticPredictor, OneWindowOverAllIsTheWholePicture) {
  torch::manual_seed(2);
  SemanticKNet net(small_options());
  net->eval();
  const torch::NoGradGuard no_grad;
  const Image picture = noise({97, 53});
  SemanticTestOptions test = small_test(Mode::kSlide);
  test.crop = test.stride = {400, 400};
  const auto slid = view_picture(net, picture, test, 1, false);
  test.mode = Mode::kWhole;
  const auto whole = view_picture(net, picture, test, 1, false);
  EXPECT_EQ(slid.logits.sizes().slice(1), (std::vector<std::int64_t>{64, 117}));
  const auto resized = torch::upsample_bilinear2d(whole.logits.unsqueeze(0), {64, 117}, false);
  EXPECT_TRUE(torch::allclose(slid.logits, resized[0], 1e-5, 1e-6));
}

TEST(SemanticPredictor, RefusesWeightsThatAreNotNumbers) {
  SemanticKNet net(small_options());
  {
    const torch::NoGradGuard no_grad;
    net->parameters().back().fill_(std::numeric_limits<float>::quiet_NaN());
  }
  SemanticPredictor predictor(net, small_test(Mode::kWhole), three_classes(), 1);
  EXPECT_THROW(predictor.predict(noise({64, 64})), Error);
}

TEST(SemanticPredictor, RefusesAnotherClassList) {
  auto classes = three_classes();
  classes.pop_back();
  EXPECT_THROW(
      SemanticPredictor(SemanticKNet(small_options()), small_test(Mode::kWhole), classes, 1),
      Error);
}

using SemanticTestConfig = test::TemporaryFolder;

TEST_F(SemanticTestConfig, RefusesWindowsThatLeavePixelsOut) {
  const auto message = [&](const std::string& text) -> std::string {
    write_text_file(folder_ / "test.yaml", "test: " + text + "\n");
    try {
      Config::load(folder_ / "test.yaml").section<SemanticTestOptions>("test");
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_THAT(message("{crop: [64, 64], stride: [64, 65]}"), HasSubstr("test.stride"));
  EXPECT_THAT(message("{ratios: []}"), HasSubstr("test.ratios"));
  EXPECT_THAT(message("{ratios: [0]}"), HasSubstr("test.ratios"));
  EXPECT_THAT(message("{scale: null, ratios: [1, 2]}"), HasSubstr("'scale'"));
  EXPECT_EQ(
      message("{mode: slide, crop: [64, 96], stride: [42, 42], ratios: [0.5, 1], flip: true}"), "");
}

}  // namespace
}  // namespace tessera
