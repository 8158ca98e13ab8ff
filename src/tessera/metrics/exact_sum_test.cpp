#include "tessera/metrics/exact_sum.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "tessera/core/error.h"
#include "tessera/core/random.h"

namespace tessera {
namespace {

std::vector<double> random_ious(int count) {
  Random random(3);
  std::vector<double> ious;
  for (int i = 0; i < count; ++i)
    ious.push_back(static_cast<double>(random.uniform_int(501, 1000)) / 1000);
  return ious;
}

TEST(ExactSum, IsTheSameForEveryOrderAndSplit) {
  std::vector<double> ious = random_ious(10000);
  ExactSum forward, backward, half;
  long double reference = 0;
  for (const double iou : ious) forward.add(iou), reference += iou;
  std::reverse(ious.begin(), ious.end());
  for (std::size_t i = 0; i < ious.size(); ++i) (i % 3 == 0 ? half : backward).add(ious[i]);
  backward.add(half);
  EXPECT_EQ(forward, backward);
  EXPECT_NEAR(forward.value(), static_cast<double>(reference), 1e-11);
}

TEST(ExactSum, SurvivesBeingSaved) {
  ExactSum sum;
  for (const double iou : random_ious(100)) sum.add(iou);
  EXPECT_EQ(ExactSum::restore(nlohmann::json::parse(sum.save().dump())), sum);
}

TEST(ExactSum, RejectsWhatIsNoMatch) {
  ExactSum sum;
  EXPECT_THROW(sum.add(0.25), Error);
  sum.add(1.0);
  EXPECT_EQ(sum.value(), 1.0);
}

}  // namespace
}  // namespace tessera
