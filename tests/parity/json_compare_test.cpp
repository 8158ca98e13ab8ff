#include "json_compare.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace tessera::parity {
namespace {

TEST(JsonCompare, NamesThePathThatDiffers) {
  const Json expected = Json::parse(R"({"All": {"pq": 0.5, "n": 3}, "per": [0.1, 0.2]})");
  const Json actual = Json::parse(R"({"All": {"pq": 0.5, "n": 4}, "per": [0.1, 0.25]})");
  const auto differences = compare_json(actual, expected, 1e-9);
  ASSERT_EQ(differences.size(), 2u);
  EXPECT_EQ(differences[0].path, "All.n");
  EXPECT_EQ(differences[0].what, "expected 3, got 4");
  EXPECT_EQ(differences[1].path, "per[1]");
  EXPECT_NEAR(differences[1].relative, 0.25, 1e-12);
}

TEST(JsonCompare, FloatsWithinToleranceAndExtraKeysPass) {
  const Json expected = {{"pq", 0.5}};
  const Json actual = {{"pq", 0.5 + 1e-11}, {"more", 1}};
  EXPECT_TRUE(compare_json(actual, expected, 1e-9).empty());
  EXPECT_NEAR(max_relative_error(actual, expected), 2e-11, 1e-15);
  EXPECT_EQ(compare_json(actual, expected, 1e-12).size(), 1u);
}

TEST(JsonCompare, NullStandsForNan) {
  const Json expected = {{"iou", nullptr}};
  EXPECT_TRUE(compare_json({{"iou", std::nan("")}}, expected, 0).empty());
  EXPECT_TRUE(compare_json({{"iou", nullptr}}, expected, 0).empty());
  EXPECT_EQ(compare_json({{"iou", 0.0}}, expected, 1).size(), 1u);
}

TEST(JsonCompare, MissingKeysAndOtherLengthsDiffer) {
  const Json expected = {{"a", {1, 2}}, {"b", "x"}};
  const auto differences = compare_json({{"a", {1}}}, expected, 0);
  ASSERT_EQ(differences.size(), 2u);
  EXPECT_EQ(differences[0].what, "expected a list of 2, got a list of 1");
  EXPECT_EQ(differences[1].what, "expected \"x\", but it is missing");
}

TEST(JsonCompare, AWholeNumberMayStandForAFloat) {
  EXPECT_TRUE(compare_json({{"pq", 1}}, {{"pq", 1.0}}, 0).empty());
  EXPECT_EQ(compare_json({{"n", 1.5}}, {{"n", 1}}, 1e-9).size(), 1u);
}

}  // namespace
}  // namespace tessera::parity
