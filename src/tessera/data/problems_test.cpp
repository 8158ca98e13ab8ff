#include "tessera/data/problems.h"

#include <gtest/gtest.h>

namespace tessera {
namespace {

TEST(ProblemList, SummarisesEachKindOnOneLine) {
  ProblemList problems;
  EXPECT_TRUE(problems.empty());
  problems.add(ProblemKind::kFrameGap, "0002 between frames 3 and 5");
  EXPECT_FALSE(problems.has_errors());
  for (int i = 0; i < 7; ++i) problems.add(ProblemKind::kMissingLabels, std::to_string(i) + ".png");
  EXPECT_TRUE(problems.has_errors());
  const std::string summary = problems.summary();
  EXPECT_NE(summary.find("7 picture(s) without annotation: 0.png"), std::string::npos);
  EXPECT_NE(summary.find("and 2 more"), std::string::npos);
  EXPECT_NE(summary.find("1 gap(s) between frames: 0002"), std::string::npos);
  EXPECT_EQ(summary.find('\n'), std::string::npos);
}

}  // namespace
}  // namespace tessera
