#include "tensor.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "tessera/core/error.h"

namespace tessera::parity {
namespace {

Values count_up(std::vector<std::int64_t> shape) {
  Values values{std::move(shape), {}, false};
  values.data.resize(static_cast<std::size_t>(values.numel()));
  std::iota(values.data.begin(), values.data.end(), 0.0);
  return values;
}

TEST(ParityTensor, SubsamplesLikeNumpySlices) {
  const Values sampled = subsample(count_up({3, 5}), {2, 3});
  EXPECT_EQ(sampled.shape, (std::vector<std::int64_t>{2, 2}));
  EXPECT_EQ(sampled.data, (std::vector<double>{0, 3, 10, 13}));
  EXPECT_EQ(subsample(count_up({2, 3}), {2}).data, (std::vector<double>{0, 1, 2}));
  EXPECT_THROW(subsample(count_up({2}), {1, 1}), Error);
}

TEST(ParityTensor, VectorRuleTakesAnOddStepAndThirtyTwo) {
  const Values sampled = sample_vector(count_up({10, 10}));  // step 100/32 = 3
  ASSERT_EQ(sampled.data.size(), 32u);
  EXPECT_EQ(sampled.data[31], 93);
  EXPECT_EQ(sample_vector(count_up({64})).data[1], 3);  // 2 becomes 3
  EXPECT_EQ(sample_vector(count_up({5})).data.size(), 5u);
}

TEST(ParityTensor, MeasuresAgainstTheLargestValue) {
  const Difference difference = measure({{3}, {1, 2.5, -4}, false}, {{3}, {1, 2, -4}, false});
  EXPECT_DOUBLE_EQ(difference.max_relative, 0.125);
  EXPECT_EQ(difference.worst_index, 1);
  EXPECT_DOUBLE_EQ(difference.differing_fraction, 1.0 / 3);
}

TEST(ParityTensor, ANanOnOneSideIsInfinitelyFar) {
  const double nan = std::nan("");
  EXPECT_TRUE(std::isinf(measure({{1}, {nan}, false}, {{1}, {1}, false}).max_relative));
  EXPECT_EQ(measure({{1}, {nan}, false}, {{1}, {nan}, false}).max_relative, 0);
  EXPECT_TRUE(std::isinf(measure({{1}, {1e-9}, false}, {{1}, {0}, false}).max_relative));
}

}  // namespace
}  // namespace tessera::parity
