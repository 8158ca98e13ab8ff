#include "tessera/report/line_chart.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

namespace tessera {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

int count(const std::string& text, const std::string& part) {
  int found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST(LineChart, DrawsEveryLineWithItsName) {
  const auto svg = line_chart("Loss & more", "iteration",
                              {{"mask", {0, 10, 20}, {3, 2, 1}}, {"dice", {0, 10, 20}, {6, 5, 4}}});
  EXPECT_THAT(svg, HasSubstr("Loss &amp; more"));
  EXPECT_EQ(count(svg, "<polyline"), 2);
  EXPECT_THAT(svg, HasSubstr(">dice<"));
}

TEST(LineChart, GapsSplitALine) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(count(line_chart("", "", {{"a", {0, 1, 2, 3, 4}, {1, 2, nan, 3, 4}}}), "<polyline"), 2);
  const auto logarithmic = line_chart("", "", {{"a", {0, 1, 2, 3}, {1, 0, 3, 4}}}, true);
  EXPECT_EQ(count(logarithmic, "<polyline"), 1);
  EXPECT_EQ(count(logarithmic, "<path"), 1);  // the point before the gap
}

TEST(LineChart, NamesThatDoNotFitGoIntoAnotherRow) {
  std::vector<ChartLine> lines;
  for (int i = 0; i < 6; ++i)
    lines.push_back({"a_long_name_of_a_line_" + std::to_string(i), {0, 1}, {0, 1}});
  const auto svg = line_chart("", "", lines);
  EXPECT_EQ(count(svg, "y=\"28\""), 3);
  EXPECT_EQ(count(svg, "y=\"42\""), 3);
}

TEST(LineChart, HoldsWithoutPoints) {
  EXPECT_THAT(line_chart("empty", "x", {{"a", {}, {}}}), Not(HasSubstr("nan")));
  EXPECT_THAT(line_chart("one", "x", {{"a", {5}, {5}}}), Not(HasSubstr("nan")));
  EXPECT_THAT(line_chart("large", "x", {{"a", {5, 6}, {1e30, 1e30}}}), HasSubstr("1e+30"));
}

}  // namespace
}  // namespace tessera
