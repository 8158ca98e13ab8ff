#include "tessera/data/label_coding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tessera/core/error.h"

namespace tessera {
namespace {

/// 0 is void; tens are the class, 7x is ignored, everything else an instance of its class.
std::optional<LabelMeaning> decode(std::uint32_t value) {
  if (value == 0) return std::nullopt;
  if (value >= 90) fail("value {} is unknown", value);
  LabelMeaning meaning;
  meaning.category = static_cast<int>(value / 10);
  meaning.ignore = meaning.category == 7;
  if (value % 10 != 0) meaning.instance = value;
  return meaning;
}

LabelMap labels(std::vector<std::uint8_t> values, Size size) {
  LabelMap map(size, 1);
  std::copy(values.begin(), values.end(), map.data());
  return map;
}

TEST(LabelCoding, SegmentsAreNumberedInOrderOfTheirValues) {
  const PanopticMap map = decode_labels(labels({31, 0, 31, 30, 20, 70}, {3, 2}), decode);
  EXPECT_THAT(map.ids.values(), testing::ElementsAre(3, 0, 3, 2, 1, 4));
  ASSERT_EQ(map.segments.size(), 4);
  EXPECT_EQ(map.segments[2].category, 3);
  EXPECT_EQ(map.segments[2].area, 2);
  EXPECT_TRUE(map.segments[3].ignore);
}

TEST(LabelCoding, ValuesThatMeanTheSameBecomeOneSegment) {
  const PanopticMap map = decode_labels(labels({5, 6, 5, 6}, {4, 1}), [](std::uint32_t) {
    return LabelMeaning{2, -1, false, false};
  });
  ASSERT_EQ(map.segments.size(), 1);
  EXPECT_EQ(map.segments[0].area, 4);
}

TEST(LabelCoding, SemanticMapLeavesOutVoidAndIgnored) {
  const PanopticMap map = decode_labels(labels({31, 0, 30, 70}, {4, 1}), decode);
  EXPECT_THAT(semantic_map(map).values(), testing::ElementsAre(3, 255, 3, 255));
}

TEST(LabelCoding, UnknownValuesAndSizesFail) {
  EXPECT_THROW(decode_labels(labels({95}, {1, 1}), decode), Error);
  EXPECT_THAT(
      [] {
        check_same_size({4, 3}, {4, 2}, "a.png");
      },
      testing::ThrowsMessage<Error>(testing::HasSubstr("a.png: the labels are 4x2")));
}

}  // namespace
}  // namespace tessera
