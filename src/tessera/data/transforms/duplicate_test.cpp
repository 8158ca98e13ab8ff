// The copies themselves are compared with the official ones by tests/parity (vishv).
#include "tessera/data/transforms/duplicate.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tessera/core/random.h"

namespace tessera {
namespace {

constexpr Size kSize = {80, 40};

Frame frame_with_object(int left, int width) {
  Frame frame{.image = Image(kSize, 3, 10)};
  frame.ids = IdMap(kSize, 1, 3);
  for (int y = 12; y < 24; ++y)
    for (int x = left; x < left + width; ++x) {
      frame.ids.at(x, y) = 8;
      for (int c = 0; c < 3; ++c) frame.image.at(x, y, c) = 200;
    }
  frame.objects = {{.category = 1, .track_id = 5, .id = 8}};
  return frame;
}

bool duplicate(Clip& clip, std::uint64_t seed = 1) {
  Random random(seed);
  return duplicate_object(clip, [&] { return random.uniform(); });
}

TEST(DuplicateObject, GivesTheSameSecondObjectToEveryFrameThatShowsTheFirst) {
  Clip clip = {frame_with_object(30, 12), frame_with_object(33, 12), frame_with_object(33, 12)};
  clip[2].objects.clear();
  const Image untouched = clip[2].image;
  ASSERT_TRUE(duplicate(clip));
  EXPECT_TRUE(clip[2].objects.empty());
  EXPECT_TRUE(clip[2].image == untouched);
  for (int i = 0; i < 2; ++i) {
    ASSERT_EQ(clip[i].objects.size(), 2u);
    const FrameObject &original = clip[i].objects[0], &copy = clip[i].objects[1];
    EXPECT_EQ(original.track_id, 5);
    EXPECT_EQ(copy.track_id, 6);
    EXPECT_EQ(copy.category, 1);
    for (std::size_t p = 0; p < copy.mask.values().size(); ++p) {
      ASSERT_FALSE(copy.mask.values()[p] != 0 && original.mask.values()[p] != 0);
      const bool is_object = copy.mask.values()[p] != 0 || original.mask.values()[p] != 0;
      ASSERT_EQ(clip[i].image.values()[3 * p] > 10, is_object);
    }
  }
}

TEST(DuplicateObject, LeavesClipsOfSeveralObjectsOrNoneAlone) {
  Clip several = {frame_with_object(10, 12), frame_with_object(40, 12)};
  several[1].objects[0].track_id = 6;
  EXPECT_FALSE(duplicate(several));
  Clip none = {frame_with_object(10, 12)};
  none[0].objects.clear();
  EXPECT_FALSE(duplicate(none));
}

TEST(DuplicateObject, HasNoRoomBesideAnObjectAsWideAsThePicture) {
  Clip clip = {frame_with_object(0, 80)};
  EXPECT_FALSE(duplicate(clip));
  Clip wandering = {frame_with_object(0, 12), frame_with_object(68, 12)};
  EXPECT_FALSE(duplicate(wandering));
}

}  // namespace
}  // namespace tessera
