// `tessera bench` and `tessera inspect` of models.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tessera/core/file.h"
#include "test_support.h"

namespace tessera::test {
namespace {

using ::testing::HasSubstr;

class BenchCli : public TemporaryFolder {
 protected:
  BenchCli() {
    write_text_file(config_, R"(
model:
  type: knet
  backbone: {type: resnet, depth: 18}
  channels: 32
  proposals: 6
  thing_classes: 2
  stuff_classes: 17
  stages: 1
  attention_heads: 2
  feedforward_channels: 32
classes: kitti-step
test: {scale: {long: 96, short: 64}}
validation: {format: kitti-step, root: nowhere, split: val}
)");
  }
  ProgramResult bench(const std::string& arguments) const {
    return run_tessera("bench " + arguments + " --threads 1 --quiet");
  }
  void expect_failure(const ProgramResult& result, int exit_code, const std::string& message) {
    EXPECT_EQ(result.exit_code, exit_code) << result.err;
    EXPECT_THAT(result.err, HasSubstr(message));
  }
  const std::string config_ = (folder_ / "tiny.yaml").string();
};

TEST_F(BenchCli, SaysWhereTimeGoes) {
  const auto result = bench(config_ + " --size 96x64 --frames 1 --precision both");
  ASSERT_EQ(result.exit_code, 0) << result.err;
  for (const char* part : {"weights made up from seed 0", "backbone", "post-process", "encode",
                           "frames/s", "MB of memory", "PQ of bf16 against fp32"})
    EXPECT_THAT(result.out, HasSubstr(part));

  const auto json = nlohmann::json::parse(bench(config_ + " --size 96x64 --frames 1 --json").out);
  const auto& run = json.at("precisions").at("fp32");
  double sum = 0;
  for (const auto& [stage, seconds] : run.at("stage_seconds").items()) sum += seconds.get<double>();
  EXPECT_NEAR(sum, run.at("frame_seconds").get<double>(), 1e-9);
  EXPECT_EQ(json.at("frames"), 1);
  EXPECT_GT(run.at("peak_memory_bytes"), 0);
}

TEST_F(BenchCli, BadInputIsNamed) {
  expect_failure(bench(""), 2, "needs a CONFIG");
  expect_failure(bench(config_ + " --input a.jpg --size 96x64"), 2, "--size");
  expect_failure(bench(config_ + " --size 96"), 2, "96");
  expect_failure(bench((folder_ / "missing.yaml").string()), 1, "missing.yaml");
  expect_failure(bench(config_ + " " + (folder_ / "missing.pth").string()), 1, "missing.pth");
  expect_failure(bench(config_ + " --input " + (folder_ / "missing.jpg").string()), 1,
                 "missing.jpg");
  expect_failure(run_tessera("bench data " + (folder_ / "missing.yaml").string()), 1,
                 "missing.yaml");
}

TEST_F(BenchCli, InspectCountsAModelsParts) {
  const auto result = run_tessera("inspect " + config_ + " --size 96x64");
  ASSERT_EQ(result.exit_code, 0) << result.err;
  for (const char* part : {"backbone", "roi_head", "11176512", "for an input of 96x64"})
    EXPECT_THAT(result.out, HasSubstr(part));
  const auto json =
      nlohmann::json::parse(run_tessera("inspect " + config_ + " --size 96x64 --json").out);
  EXPECT_EQ(json.at("parts").at("backbone").at("parameters"), 11176512);
  EXPECT_GT(json.at("parts").at("neck").at("multiply_adds"), 0);
  // Its datasets only when asked for.
  expect_failure(run_tessera("inspect " + config_ + " --data"), 1, "nowhere");
}

}  // namespace
}  // namespace tessera::test
