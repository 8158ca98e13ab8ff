#include "tessera/training/lr_schedule.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tessera/core/file.h"
#include "test_support.h"

namespace tessera {
namespace {

using Policy = LrScheduleOptions::Policy;

// Numbers of mmcv's StepLrUpdaterHook (K-Net on ADE20K: AdamW, 80,000 iterations).
TEST(LrSchedule, StepsAfterAWarmUp) {
  const LrScheduleOptions options = {.policy = Policy::kStep,
                                     .by_epoch = false,
                                     .steps = {60000, 72000},
                                     .warmup_iterations = 1000};
  const std::pair<std::int64_t, double> expected[] = {{0, 1.0000000000000009e-07},
                                                      {1, 1.998999999999973e-07},
                                                      {499, 4.99501e-05},
                                                      {998, 9.98002e-05},
                                                      {1000, 1e-4},
                                                      {59999, 1e-4},
                                                      {60000, 1e-5},
                                                      {71999, 1e-5},
                                                      {72000, 1e-6}};
  for (const auto& [iteration, rate] : expected)
    EXPECT_NEAR(learning_rate(options, 1e-4, {iteration, 80000, 100}), rate,
                1e-12 * 1e-4 + rate * 1e-9);
}

TEST(LrSchedule, EpochsStepAtTheirEnds) {
  const LrScheduleOptions options = {.policy = Policy::kStep, .steps = {2}};
  EXPECT_DOUBLE_EQ(learning_rate(options, 1, {19, 40, 10}), 1);
  EXPECT_DOUBLE_EQ(learning_rate(options, 1, {20, 40, 10}), 0.1);
}

TEST(LrSchedule, PolyAndCosineEndAtTheirLeast) {
  for (const Policy policy : {Policy::kPoly, Policy::kCosine}) {
    const LrScheduleOptions options = {
        .policy = policy, .by_epoch = false, .power = 0.9, .min_lr = 1e-3};
    EXPECT_DOUBLE_EQ(learning_rate(options, 1, {0, 100, 10}), 1);
    EXPECT_NEAR(learning_rate(options, 1, {100, 100, 10}), 1e-3, 1e-12);
    EXPECT_LT(learning_rate(options, 1, {60, 100, 10}), learning_rate(options, 1, {50, 100, 10}));
  }
}

LrScheduleOptions options_of(const nlohmann::json& c) {
  LrScheduleOptions options = {.policy = c.at("policy") == "poly" ? Policy::kPoly : Policy::kStep,
                               .by_epoch = c.at("by_epoch"),
                               .steps = c.value("step", std::vector<std::int64_t>{}),
                               .warmup_iterations = c.value("warmup_iters", std::int64_t{0})};
  options.gamma = c.value("gamma", options.gamma);
  options.power = c.value("power", options.power);
  options.min_lr = c.value("min_lr", options.min_lr);
  options.warmup_ratio = c.value("warmup_ratio", options.warmup_ratio);
  return options;
}

TEST(LrSchedule, EqualsMmsegsSchedules) {
  const auto golden =
      nlohmann::json::parse(read_text_file(test::golden_dir() / "knet_seg" / "schedule.json"));
  for (const auto& c : golden.at("cases")) {
    SCOPED_TRACE(c.at("name").get<std::string>());
    const double base = c.at("base_lr");
    for (std::size_t i = 0; i < c.at("iters").size(); ++i) {
      const double rate = c.at("lr")[i];
      EXPECT_NEAR(learning_rate(options_of(c), base,
                                {c.at("iters")[i].get<std::int64_t>(),
                                 c.at("max_iters").get<std::int64_t>(), 100}),
                  rate, 1e-12 * base + rate * 1e-9);
    }
  }
}

}  // namespace
}  // namespace tessera
