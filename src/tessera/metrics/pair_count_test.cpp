#include "tessera/metrics/pair_count.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "tessera/core/error.h"
#include "tessera/core/random.h"

namespace tessera {
namespace {

using ::testing::ElementsAre;

/// Runs of random lengths and values.
IdMap random_runs(Random& random, Size size, int values) {
  IdMap ids(size, 1);
  for (auto rest = ids.values(); !rest.empty();) {
    const auto value = static_cast<std::uint32_t>(random.uniform_int(0, values - 1)) * 0x10001u;
    const auto length = std::min(rest.size(), static_cast<std::size_t>(random.uniform_int(1, 30)));
    std::fill_n(rest.begin(), length, value);
    rest = rest.subspan(length);
  }
  return ids;
}

TEST(PairCount, EqualsCountingOnePixelAtATime) {
  Random random(7);
  PairCounter counter;
  for (const int values : {1, 3, 200, 5000}) {  // the last needs a larger table than the first one
    const IdMap gt = random_runs(random, {301, 101}, values);
    const IdMap pred = random_runs(random, {301, 101}, values);
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::int64_t> expected;
    for (std::size_t i = 0; i < gt.values().size(); ++i)
      ++expected[{gt.values()[i], pred.values()[i]}];
    const PairTable table = counter.count(gt, pred);
    ASSERT_EQ(table.size(), expected.size());
    std::size_t row = 0;
    for (const auto& [pair, count] : expected)
      EXPECT_EQ(table[row++], (PairCount{pair.first, pair.second, count}));
  }
}

TEST(PairCount, AddsTables) {
  const PairTable a = {{1, 1, 5}, {1, 2, 3}}, b = {{0, 9, 1}, {1, 2, 4}, {2, 0, 1}};
  EXPECT_THAT(add_tables(a, b), ElementsAre(PairCount{0, 9, 1}, PairCount{1, 1, 5},
                                            PairCount{1, 2, 7}, PairCount{2, 0, 1}));
}

TEST(PairCount, MappedValuesThatMeetAreAddedUp) {
  const PairTable table = {{1, 1, 5}, {1, 2, 3}, {2, 2, 4}};
  const auto zero = [](std::uint32_t) { return 0u; };
  const auto same = [](std::uint32_t value) { return value; };
  EXPECT_THAT(map_values(table, zero, same), ElementsAre(PairCount{0, 1, 5}, PairCount{0, 2, 7}));
}

TEST(PairCount, OtherSizeIsAnError) {
  EXPECT_THROW(PairCounter().count(IdMap({4, 2}, 1), IdMap({2, 4}, 1)), Error);
}

}  // namespace
}  // namespace tessera
