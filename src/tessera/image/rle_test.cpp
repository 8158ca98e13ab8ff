#include "tessera/image/rle.h"

#include <gtest/gtest.h>

#include "tessera/core/error.h"
#include "tessera/core/random.h"

namespace tessera {
namespace {

Pixels<std::uint8_t> random_mask(Size size, std::uint64_t seed) {
  Random random(seed);
  Pixels<std::uint8_t> mask(size, 1);
  bool value = random.coin();
  for (int x = 0; x < size.width; ++x)
    for (int y = 0; y < size.height; ++y) {
      if (random.coin(0.1)) value = !value;
      mask.at(x, y) = value;
    }
  return mask;
}

TEST(Rle, RunsGoDownTheColumnsBackgroundFirst) {
  Pixels<std::uint8_t> mask({2, 3}, 1);
  mask.at(0, 0) = 1;
  mask.at(1, 1) = 1;
  EXPECT_EQ(rle_encode(mask).counts, (std::vector<std::uint32_t>{0, 1, 3, 1, 1}));
}

TEST(Rle, DecodingAndTheStringFormGiveTheMaskBack) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Pixels<std::uint8_t> mask = random_mask({31, 57}, seed);
    const Rle rle = rle_encode(mask);
    EXPECT_EQ(rle_decode(rle), mask);
    EXPECT_EQ(rle_from_string(rle_to_string(rle), mask.size()), rle);
    std::uint64_t area = 0;
    for (const std::uint8_t value : mask.values()) area += value;
    EXPECT_EQ(rle_area(rle), area);
  }
}

TEST(Rle, UnionAndIntersectionArePixelwise) {
  const Pixels<std::uint8_t> a = random_mask({23, 19}, 1), b = random_mask({23, 19}, 2);
  Pixels<std::uint8_t> both(a.size(), 1), either(a.size(), 1);
  for (std::size_t i = 0; i < a.values().size(); ++i) {
    both.values()[i] = a.values()[i] & b.values()[i];
    either.values()[i] = a.values()[i] | b.values()[i];
  }
  const Rle masks[] = {rle_encode(a), rle_encode(b)};
  EXPECT_EQ(rle_decode(rle_intersection(masks)), both);
  EXPECT_EQ(rle_decode(rle_union(masks)), either);
  EXPECT_DOUBLE_EQ(rle_iou(masks[0], masks[1]),
                   static_cast<double>(rle_area(rle_encode(both))) /
                       static_cast<double>(rle_area(rle_encode(either))));
}

TEST(Rle, APolygonAlongPixelBordersIsItsRectangle) {
  const Rle rle = rle_from_box({2, 3, 4, 5}, {20, 10});
  EXPECT_EQ(rle_area(rle), 20u);
  EXPECT_EQ(rle_box(rle), (Box{2, 3, 4, 5}));
  EXPECT_EQ(rle_box(rle_from_counts({200}, {20, 10})), Box());
}

TEST(Rle, MasksThatDoNotFillTheirPictureAreRefused) {
  EXPECT_THROW(rle_from_counts({3, 2}, {2, 3}), Error);
  EXPECT_THROW(rle_from_string("P", {2, 3}), Error);
  EXPECT_THROW(rle_from_string("\x01", {2, 3}), Error);
}

}  // namespace
}  // namespace tessera
