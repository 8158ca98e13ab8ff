#include "tessera/tracking/overlap_tracker.h"

#include <gtest/gtest.h>

#include "tessera/core/error.h"

namespace tessera {
namespace {

/// A row of pixels.
IdMap row(std::initializer_list<std::uint32_t> pixels) {
  IdMap map({static_cast<int>(pixels.size()), 1}, 1);
  std::copy(pixels.begin(), pixels.end(), map.values().begin());
  return map;
}

TEST(OverlapTracker, TheLargestOverlapKeepsItsName) {
  OverlapTracker tracker;
  EXPECT_EQ(tracker.match(row({1, 1, 1, 0, 2, 2}), {{1, 0}, {2, 0}}),
            (OverlapTracker::Names{{1, 1}, {2, 2}}));
  EXPECT_EQ(tracker.match(row({0, 7, 7, 7, 7, 9}), {{7, 0}, {9, 0}}),
            (OverlapTracker::Names{{7, 1}, {9, 2}}));
}

TEST(OverlapTracker, OtherClassesAndNewObjectsGetNewNames) {
  OverlapTracker tracker;
  tracker.match(row({1, 1, 0}), {{1, 0}});
  EXPECT_EQ(tracker.match(row({1, 1, 2}), {{1, 5}, {2, 0}}),
            (OverlapTracker::Names{{1, 2}, {2, 3}}));
}

TEST(OverlapTracker, RefusesFramesOfAnotherSize) {
  OverlapTracker tracker;
  tracker.match(row({1, 1}), {{1, 0}});
  EXPECT_THROW(tracker.match(row({1}), {{1, 0}}), Error);
}

}  // namespace
}  // namespace tessera
