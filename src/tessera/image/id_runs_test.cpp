#include "tessera/image/id_runs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <tuple>

#include "tessera/core/error.h"
#include "tessera/core/random.h"
#include "tessera/image/image_io.h"
#include "test_support.h"

namespace tessera {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
using IdRunsOfPngs = test::TemporaryFolder;

IdMap random_map(Size size, int longest_run) {
  Random random(size.width + longest_run);
  IdMap ids(size, 1);
  std::uint32_t id = 0;
  std::int64_t left = 0;
  for (std::uint32_t& pixel : ids.values()) {
    if (left-- == 0) {
      id = static_cast<std::uint32_t>(random.uniform_int(0, 3)) << random.uniform_int(0, 22);
      left = random.uniform_int(0, longest_run);
    }
    pixel = id;
  }
  return ids;
}

TEST(IdRuns, RunsGoOnOverTheEndOfARow) {
  IdMap ids({3, 2}, 1, 7);
  ids.at(0, 0) = 1;
  ids.at(2, 1) = 256;
  EXPECT_THAT(to_runs(ids).runs, ElementsAre(IdRun{1, 1}, IdRun{5, 7}, IdRun{6, 256}));
}

TEST(IdRuns, HoldEveryPixel) {
  for (const int width : {1, 2, 17, 64, 301})
    for (const int longest_run : {0, 5, 400}) {
      const IdMap ids = random_map({width, 9}, longest_run);
      EXPECT_EQ(to_map(to_runs(ids)), ids) << width << ", " << longest_run;
    }
  EXPECT_TRUE(to_runs(IdMap()).runs.empty());
}

TEST(IdRuns, OverlapsAreTheStretchesOverWhichNeitherChanges) {
  const IdRuns a{{4, 2}, {{3, 1}, {8, 2}}}, b{{4, 2}, {{3, 5}, {4, 6}, {8, 5}}};
  std::vector<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>> overlaps;
  for_each_overlap(a, b, [&](std::uint32_t x, std::uint32_t y, std::uint32_t pixels) {
    overlaps.emplace_back(x, y, pixels);
  });
  EXPECT_THAT(overlaps, ElementsAre(std::tuple(1, 5, 3), std::tuple(2, 6, 1), std::tuple(2, 5, 4)));
}

template <class T>
Pixels<T> narrow(const IdMap& ids, std::uint32_t values) {
  Pixels<T> labels(ids.size(), 1);
  std::transform(ids.values().begin(), ids.values().end(), labels.values().begin(),
                 [values](std::uint32_t id) { return static_cast<T>(id % values); });
  return labels;
}

TEST_F(IdRunsOfPngs, AreThoseOfTheMaps) {
  const auto path = folder_ / "a.png";
  for (const int longest_run : {3, 90}) {
    const IdMap ids = random_map({67, 31}, longest_run);
    write_id_png(path, ids);
    EXPECT_EQ(read_id_runs(path).runs, to_runs(ids).runs);
    const auto labels = narrow<std::uint8_t>(ids, 251);
    write_png(path, labels);
    EXPECT_EQ(narrow<std::uint8_t>(to_map(read_label_runs(path)), 256), labels);
    const auto labels16 = narrow<std::uint16_t>(ids, 65521);
    write_png(path, labels16);
    EXPECT_EQ(narrow<std::uint16_t>(to_map(read_label_runs(path)), 65536), labels16);
  }
}

TEST_F(IdRunsOfPngs, OtherKindsAreRefused) {
  const auto path = folder_ / "a.png";
  write_png(path, Image({4, 2}, 3));
  EXPECT_THAT([&] { read_label_runs(path); },
              ThrowsMessage<Error>(HasSubstr("is a 8-bit RGB PNG, 8- or 16-bit grey")));
  write_png(path, Image16({4, 2}, 1));
  EXPECT_THAT([&] { read_id_runs(path); },
              ThrowsMessage<Error>(HasSubstr("is a 16-bit grey PNG, 8-bit RGB was expected")));
}

}  // namespace
}  // namespace tessera
