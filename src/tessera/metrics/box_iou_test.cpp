#include "tessera/metrics/box_iou.h"

#include <gtest/gtest.h>

namespace tessera {
namespace {

TEST(BoxIou, CountsAreasWithoutExtraPixels) {
  EXPECT_EQ(box_iou({0, 0, 4, 2}, {2, 0, 4, 2}), 4.0 / 12);
  EXPECT_EQ(box_iou({0, 0, 2, 2}, {2, 0, 2, 2}), 0.0);
  EXPECT_EQ(box_iou({1.5, 1, 2, 2}, {1.5, 1, 2, 2}), 1.0);
}

TEST(BoxIou, OfACrowdIsOverTheDetection) {
  EXPECT_EQ(box_iou({0, 0, 2, 2}, {0, 0, 10, 10}, true), 1.0);
  EXPECT_EQ(box_iou({0, 0, 2, 2}, {1, 0, 10, 10}, true), 0.5);
}

TEST(BoxIou, OfNothingIsZero) { EXPECT_EQ(box_iou({0, 0, 0, 0}, {0, 0, 0, 0}), 0.0); }

}  // namespace
}  // namespace tessera
