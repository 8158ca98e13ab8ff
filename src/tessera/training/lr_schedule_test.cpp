#include "tessera/training/lr_schedule.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace tessera
