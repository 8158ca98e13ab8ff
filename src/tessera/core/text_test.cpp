#include "tessera/core/text.h"

#include <gtest/gtest.h>

namespace tessera {
namespace {

TEST(Text, EditDistanceCountsSingleChanges) {
  EXPECT_EQ(edit_distance("threads", "threads"), 0);
  EXPECT_EQ(edit_distance("thread", "threads"), 1);
  EXPECT_EQ(edit_distance("therads", "threads"), 1);
  EXPECT_EQ(edit_distance("", "abc"), 3);
}

TEST(Text, NearestNameRefusesFarWords) {
  EXPECT_EQ(nearest_name("learning_rat", {"learning_rate", "momentum"}), "learning_rate");
  EXPECT_EQ(nearest_name("zzz", {"learning_rate", "momentum"}), "");
}

TEST(Text, SummarizeCountsWhatItLeavesOut) {
  EXPECT_EQ(summarize({"a", "b", "c"}, 5), "a, b, c");
  EXPECT_EQ(summarize({"a", "b", "c"}, 2), "a, b and 1 more");
}

TEST(Text, BytesAreReadable) {
  EXPECT_EQ(format_bytes(17), "17 B");
  EXPECT_EQ(format_bytes(3 << 20), "3.00 MiB");
}

}  // namespace
}  // namespace tessera
