#include "tessera/inference/benchmark.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tessera/core/file.h"
#include "test_support.h"

namespace tessera {
namespace {

constexpr const char* kSmall = R"(
  backbone: {type: resnet, depth: 18}
  channels: 32
  proposals: 6
  stages: 1
  attention_heads: 2
  feedforward_channels: 32
)";

class Benchmark : public test::TemporaryFolder {
 protected:
  Config config(const std::string& type, int things, int stuff, const std::string& rest) const {
    write_text_file(folder_ / "model.yaml", "model:\n  type: " + type + kSmall +
                                                "  thing_classes: " + std::to_string(things) +
                                                "\n  stuff_classes: " + std::to_string(stuff) +
                                                "\n" + rest);
    return Config::load(folder_ / "model.yaml");
  }
  static BenchmarkOptions options() {
    BenchmarkOptions options;
    options.weights = SeededWeights{3};
    options.size = {96, 64};
    options.frames = 2;
    // Twice the same must be found to be the same.
    options.precisions = {"fp32", "fp32"};
    return options;
  }
  static std::vector<std::string> names(const BenchmarkRun& run) {
    std::vector<std::string> names;
    for (const auto& stage : run.stages) names.push_back(stage.name);
    return names;
  }
  static void expect_consistent(const BenchmarkResult& result) {
    EXPECT_EQ(result.frames, 2u);
    EXPECT_EQ(result.size, (Size{96, 64}));
    ASSERT_EQ(result.runs.size(), 2u);
    EXPECT_EQ(result.runs[0].segments, result.runs[1].segments);
    for (const BenchmarkRun& run : result.runs) {
      double sum = 0;
      for (const auto& stage : run.stages) {
        EXPECT_EQ(stage.seconds.size(), 2u) << stage.name;
        sum += stage.median();
      }
      EXPECT_DOUBLE_EQ(run.frame_seconds, sum);
      EXPECT_GT(run.segments, 0);
      EXPECT_GT(run.peak_memory_bytes, 10u << 20);
    }
    ASSERT_TRUE(result.agreement);
    EXPECT_EQ(result.agreement->value, 1);
  }
};

TEST_F(Benchmark, PicturesFromFileToFile) {
  const auto result = measure_prediction(
      config("knet", 2, 17,
             "classes: kitti-step\ntest: {scale: {long: 96, short: 64}, thing_score: 0, "
             "overlap: 0}\n"),
      options());
  expect_consistent(result);
  EXPECT_EQ(result.agreement->measure, "PQ");
  EXPECT_THAT(names(result.runs[0]),
              ::testing::ElementsAre("decode", "preprocess", "backbone", "neck", "kernel head",
                                     "update stages", "post-process", "other", "encode"));
  EXPECT_FALSE(result.runs[0].pipeline_seconds);
}

TEST_F(Benchmark, InstancesOfPictures) {
  const auto result = measure_prediction(
      config("knet", 80, 0, "classes: coco\ntest: {scale: {long: 96, short: 64}}\n"), options());
  expect_consistent(result);
  EXPECT_EQ(result.agreement->measure, "mean IoU of instances");
}

TEST_F(Benchmark, VideosFromFileToFile) {
  const auto result = measure_prediction(
      config("video_knet", 2, 17, "classes: kitti-step\ntest: {thing_score: 0, overlap: 0}\n"),
      options());
  expect_consistent(result);
  EXPECT_THAT(names(result.runs[0]),
              ::testing::ElementsAre("decode", "preprocess", "backbone", "neck", "kernel head",
                                     "update stages", "post-process", "track", "other", "encode"));
  EXPECT_GT(*result.runs[0].pipeline_seconds, 0);
}

}  // namespace
}  // namespace tessera
