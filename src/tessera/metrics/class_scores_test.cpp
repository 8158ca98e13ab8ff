#include "tessera/metrics/class_scores.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tessera/metrics/miou.h"

namespace tessera {
namespace {

TEST(ClassScores, AClassThatIsNeverHitHasNoFscore) {
  // Class 0: 6 of 8 right. Class 1 is there and predicted, never at the same place. 2 is absent.
  const ClassScores scores = class_scores({{6, 0, 0}, {7, 3, 0}, {8, 2, 0}});
  EXPECT_DOUBLE_EQ(scores.all_accuracy, 0.6);
  EXPECT_DOUBLE_EQ(scores.iou[0], 6.0 / 9);
  EXPECT_DOUBLE_EQ(scores.dice[0], 12.0 / 15);
  EXPECT_DOUBLE_EQ(scores.fscore[0], scores.dice[0]);
  EXPECT_EQ(scores.iou[1], 0);
  EXPECT_EQ(scores.dice[1], 0);
  EXPECT_TRUE(std::isnan(scores.fscore[1]));
  EXPECT_TRUE(std::isnan(scores.iou[2]));
  EXPECT_DOUBLE_EQ(mean_of_numbers(scores.iou), 3.0 / 9);
  EXPECT_TRUE(std::isnan(mean_of_numbers({NAN})));
}

TEST(MeanIou, ByMmsegsRulesUnknownTruthStillCountsAsPredicted) {
  const std::vector<Category> classes = {{0, "a", false}, {1, "b", false}};
  MeanIou metric(classes, 255, MiouRules::kMmseg);
  metric.add({{0, 0, 10}, {0, 1, 2}, {7, 1, 5}, {255, 0, 100}});
  const ClassAreas areas = metric.areas();
  EXPECT_EQ(areas.predicted, (std::vector<std::int64_t>{10, 7}));
  EXPECT_EQ(areas.labelled, (std::vector<std::int64_t>{12, 0}));
  const auto restored = MeanIou::restore(metric.save());
  EXPECT_EQ(restored->report().json.dump(), metric.report().json.dump());
  EXPECT_THROW(restored->merge(MeanIou(classes, 255)), std::exception);
}

}  // namespace
}  // namespace tessera
