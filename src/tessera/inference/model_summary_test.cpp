#include "tessera/inference/model_summary.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "test_support.h"

namespace tessera {
namespace {

std::map<std::string, PartWork> parts_of(const ModelSummary& summary) {
  std::map<std::string, PartWork> parts;
  for (const PartWork& part : summary.parts) parts[part.name] = part;
  return parts;
}

std::int64_t parameters_of(const ModelSummary& summary) {
  std::int64_t sum = 0;
  for (const PartWork& part : summary.parts) sum += part.parameters;
  return sum;
}

Config shipped(const std::string& name) {
  return Config::load(test::source_dir() / "configs" / (name + ".yaml"),
                      {"test.scale.long=160", "test.scale.short=96"});
}

TEST(ModelSummary, OfficialNumbersOfParameters) {
  EXPECT_EQ(parameters_of(summarize_model(shipped("knet/knet_s3_r50_fpn_1x_coco"), {160, 96})),
            37'482'368);
  const auto summary = summarize_model(shipped("knet/knet_s3_r50_fpn_1x_coco-panoptic"), {160, 96});
  EXPECT_EQ(parameters_of(summary), 37'536'852);
  EXPECT_EQ(summary.input, (Size{160, 96}));
  // A 3x3 convolution a level at 256 channels, 1x1 ones from 256, 512, 1024 and 2048.
  const std::int64_t pixels[] = {40 * 24, 20 * 12, 10 * 6, 5 * 3};
  std::int64_t neck = 0;
  for (int level = 0; level < 4; ++level)
    neck += pixels[level] * 256 * ((256LL << level) + 9 * 256);
  EXPECT_EQ(parts_of(summary).at("neck").multiply_adds, neck);
}

TEST(ModelSummary, VideoModelsHaveLinksAndTrackHead) {
  const auto summary = summarize_model(
      Config::load(test::source_dir() /
                   "configs/video_knet/video_knet_s3_r50_rpn_1x_kitti_step_sigmoid_stride2_mask_"
                   "embed_link_ffn_joint_train.yaml"),
      {160, 96});
  // The official 41.69 M.
  EXPECT_NEAR(static_cast<double>(parameters_of(summary)), 41.69e6, 0.005e6);
  EXPECT_GT(parts_of(summary).at("track_head").multiply_adds, 0);
}

using ModelSummaryFiles = test::TemporaryFolder;

TEST_F(ModelSummaryFiles, UnknownModelsAreNamed) {
  write_text_file(folder_ / "model.yaml", "model: {type: nothing}");
  try {
    summarize_model(Config::load(folder_ / "model.yaml"), {64, 64});
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("'nothing'"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace tessera
