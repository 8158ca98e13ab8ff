#include "tessera/core/hungarian.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>

#include "tessera/core/error.h"

namespace tessera {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Whole numbers in [0, values), the same as the Python snippet draws that made the expectations:
/// s = (s*6364136223846793005 + 1442695040888963407) mod 2^64; (s >> 33) % values.
std::vector<double> draw(std::uint64_t seed, int rows, int columns, std::uint64_t values) {
  std::vector<double> drawn(static_cast<std::size_t>(rows) * columns);
  std::uint64_t state = seed;
  for (double& value : drawn) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    value = static_cast<double>((state >> 33) % values);
  }
  return drawn;
}

double total(const std::vector<double>& entries, int columns, const std::vector<int>& chosen) {
  double sum = 0;
  for (std::size_t row = 0; row < chosen.size(); ++row)
    if (chosen[row] >= 0) sum += entries[row * columns + chosen[row]];
  return sum;
}

TEST(Hungarian, EqualsSciPyOnTies) {
  struct Case {
    std::uint64_t seed;
    int rows, columns;
    std::uint64_t values;
    bool maximum;
    std::vector<int> expected;
  };
  // scipy.optimize.linear_sum_assignment of SciPy 1.10.1.
  const std::vector<Case> cases = {
      {1, 6, 6, 3, false, {3, 2, 0, 1, 4, 5}},
      {1, 6, 6, 3, true, {5, 0, 2, 4, 1, 3}},
      {2, 5, 9, 2, false, {0, 2, 3, 4, 1}},
      {2, 5, 9, 2, true, {4, 1, 6, 2, 0}},
      {3, 9, 5, 2, false, {3, -1, 1, 4, -1, -1, -1, 0, 2}},
      {3, 9, 5, 2, true, {0, 1, 3, 2, 4, -1, -1, -1, -1}},
      {4, 12, 12, 4, false, {1, 4, 7, 8, 6, 5, 10, 11, 0, 9, 3, 2}},
      {4, 12, 12, 4, true, {3, 2, 11, 9, 5, 6, 1, 4, 7, 10, 0, 8}},
      {5, 1, 7, 3, false, {0}},
      {5, 1, 7, 3, true, {1}},
      {6, 7, 1, 3, false, {-1, -1, 0, -1, -1, -1, -1}},
      {6, 7, 1, 3, true, {0, -1, -1, -1, -1, -1, -1}},
      {7, 8, 10, 1000, false, {0, 1, 6, 7, 3, 4, 8, 5}},
      {7, 8, 10, 1000, true, {6, 9, 7, 8, 4, 0, 5, 2}},
  };
  for (const Case& c : cases) {
    const std::vector<double> entries = draw(c.seed, c.rows, c.columns, c.values);
    EXPECT_EQ((c.maximum ? assign_maximum : assign_minimum)(entries, c.rows, c.columns), c.expected)
        << "seed " << c.seed << (c.maximum ? " maximum" : " minimum");
  }
}

TEST(Hungarian, EqualsSciPyOnLargerOnes) {
  const auto hash = [](const std::vector<int>& chosen) {
    return std::accumulate(chosen.begin(), chosen.end(), std::uint32_t{0},
                           [](std::uint32_t h, int column) { return h * 31 + column + 1; });
  };
  EXPECT_EQ(hash(assign_minimum(draw(11, 60, 90, 5), 60, 90)), 848113872u);
  EXPECT_EQ(hash(assign_maximum(draw(12, 90, 60, 5), 90, 60)), 1287880044u);
  EXPECT_EQ(hash(assign_minimum(draw(13, 80, 80, 1000003), 80, 80)), 607902338u);
}

TEST(Hungarian, IsOptimal) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    const int n = 6;
    const std::vector<double> entries = draw(seed, n, n, 50);
    std::vector<int> order(n);
    std::iota(order.begin(), order.end(), 0);
    double least = kInfinity, most = -kInfinity;
    do {
      const double sum = total(entries, n, order);
      least = std::min(least, sum);
      most = std::max(most, sum);
    } while (std::next_permutation(order.begin(), order.end()));
    EXPECT_EQ(total(entries, n, assign_minimum(entries, n, n)), least) << seed;
    EXPECT_EQ(total(entries, n, assign_maximum(entries, n, n)), most) << seed;
  }
}

TEST(Hungarian, EmptyMatrices) {
  EXPECT_EQ(assign_minimum({}, 0, 4), std::vector<int>());
  EXPECT_EQ(assign_maximum({}, 3, 0), (std::vector<int>{-1, -1, -1}));
}

TEST(Hungarian, AvoidsForbiddenEntries) {
  const std::vector<double> costs = {kInfinity, 1, 2, 1};
  EXPECT_EQ(assign_minimum(costs, 2, 2), (std::vector<int>{1, 0}));
}

TEST(Hungarian, RefusesWhatHasNoAnswer) {
  const std::vector<double> impossible = {kInfinity, 1, kInfinity, 1};
  EXPECT_THROW(assign_minimum(impossible, 2, 2), Error);
  const std::vector<double> nan = {1, std::numeric_limits<double>::quiet_NaN()};
  EXPECT_THROW(assign_minimum(nan, 1, 2), Error);
  EXPECT_THROW(assign_maximum(std::vector<double>{kInfinity, 0}, 1, 2), Error);
  EXPECT_THROW(assign_minimum(std::vector<double>{1, 2, 3}, 2, 2), Error);
}

}  // namespace
}  // namespace tessera
