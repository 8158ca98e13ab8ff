#include "tessera/core/stage_clock.h"

#include <gtest/gtest.h>

namespace tessera {
namespace {

TEST(StageClock, StagesKeepTheirOrderAndTakeAllTheTime) {
  StageClock clock;
  const auto begin = std::chrono::steady_clock::now();
  for (int round = 0; round < 3; ++round) {
    clock.start();
    clock.end("work");
    clock.end("a rest");
  }
  const std::chrono::duration<double> all = std::chrono::steady_clock::now() - begin;
  ASSERT_EQ(clock.stages().size(), 2u);
  EXPECT_EQ(clock.stages()[0].name, "work");
  EXPECT_EQ(clock.stages()[1].name, "a rest");
  double sum = 0;
  for (const auto& stage : clock.stages()) {
    EXPECT_EQ(stage.seconds.size(), 3u);
    for (const double seconds : stage.seconds) {
      EXPECT_GE(seconds, 0);
      sum += seconds;
    }
  }
  EXPECT_LE(sum, all.count());
}

TEST(StageClock, Medians) {
  EXPECT_EQ(median({}), 0);
  EXPECT_EQ(median({3, 1, 2}), 2);
  EXPECT_EQ(median({4, 1, 3, 2}), 2.5);
}

}  // namespace
}  // namespace tessera
