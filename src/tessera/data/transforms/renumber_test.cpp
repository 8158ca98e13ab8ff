#include "tessera/data/transforms/renumber.h"

#include <gtest/gtest.h>

#include <set>

#include "tessera/core/error.h"

namespace tessera {
namespace {

using Order = RenumberOptions::Order;

Frame frame_with(const std::vector<std::pair<int, std::int64_t>>& objects) {
  Frame frame;
  for (const auto& [category, track] : objects)
    frame.objects.push_back({.category = category, .track_id = track});
  return frame;
}

TEST(Renumber, KeepsTracksTogetherAndClassesApart) {
  Clip clip = {frame_with({{1, 7}, {2, 7}, {1, 9}}), frame_with({{1, 9}, {1, 7}})};
  Random random(3);
  renumber_objects(clip, {}, random);
  std::set<std::int64_t> numbers;
  for (const FrameObject& object : clip[0].objects) numbers.insert(object.track_id);
  EXPECT_EQ(numbers, (std::set<std::int64_t>{1, 2, 3}));
  EXPECT_EQ(clip[1].objects[0].track_id, clip[0].objects[2].track_id);
  EXPECT_EQ(clip[1].objects[1].track_id, clip[0].objects[0].track_id);
}

TEST(Renumber, ObjectsWithoutATrackHaveNumbersOfTheirOwn) {
  Clip clip = {frame_with({{1, -1}, {1, -1}, {1, 4}})};
  Random random(3);
  renumber_objects(clip, {}, random);
  std::set<std::int64_t> numbers;
  for (const FrameObject& object : clip[0].objects) numbers.insert(object.track_id);
  EXPECT_EQ(numbers.size(), 3u);
}

TEST(Renumber, EveryOrderIsDrawn) {
  std::set<std::vector<int>> orders;
  std::set<int> any;
  Random random(4);
  for (int i = 0; i < 200; ++i) {
    orders.insert(choose_numbers(3, {}, random));
    for (const int number : choose_numbers(3, {Order::kRandom, 9}, random)) any.insert(number);
  }
  EXPECT_EQ(orders.size(), 6u);
  EXPECT_EQ(any, (std::set<int>{1, 2, 3, 4, 5, 6, 7, 8}));
}

TEST(Renumber, MoreObjectsThanNumbersAreAnError) {
  Random random(1);
  EXPECT_EQ(choose_numbers(8, {Order::kRandom, 9}, random).size(), 8u);
  EXPECT_THROW(choose_numbers(9, {Order::kRandom, 9}, random), Error);
}

}  // namespace
}  // namespace tessera
