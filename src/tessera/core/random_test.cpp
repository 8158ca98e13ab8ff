#include "tessera/core/random.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace tessera {
namespace {

TEST(Random, KnownHash) { EXPECT_EQ(fnv1a("a"), 0xaf63dc4c8601ec8cULL); }

TEST(Random, SameSeedSameStream) {
  Random a(5), b(5), c(6);
  for (int i = 0; i < 10; ++i) {
    const auto value = a();
    EXPECT_EQ(value, b());
    EXPECT_NE(value, c());
  }
}

TEST(Random, ForkDoesNotDependOnDraws) {
  Random a(5), b(5);
  b();
  EXPECT_EQ(a.fork("frame")(), b.fork("frame")());
  EXPECT_NE(a.fork("frame")(), a.fork("other")());
}

TEST(Random, RestoredPositionContinuesTheStream) {
  Random a(5);
  a.uniform();
  Random b(5);
  b.set_drawn(a.drawn());
  EXPECT_EQ(a(), b());
}

TEST(Random, WholeNumbersReachBothEnds) {
  Random random(1);
  std::vector<int> seen(4);
  for (int i = 0; i < 400; ++i) ++seen[random.uniform_int(-1, 2) + 1];
  for (const int count : seen) EXPECT_GT(count, 60);
}

TEST(Random, NormalHasUnitSpread) {
  Random random(2);
  double sum = 0, squares = 0;
  for (int i = 0; i < 20000; ++i) {
    const double v = random.normal();
    sum += v;
    squares += v * v;
  }
  EXPECT_NEAR(sum / 20000, 0.0, 0.03);
  EXPECT_NEAR(squares / 20000, 1.0, 0.05);
}

}  // namespace
}  // namespace tessera
