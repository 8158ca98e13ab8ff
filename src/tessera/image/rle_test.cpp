#include "tessera/image/rle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tessera/core/error.h"
#include "tessera/core/random.h"

namespace tessera {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

Pixels<std::uint8_t> random_mask(Random& random, Size size) {
  Pixels<std::uint8_t> mask(size, 1);
  const double density = random.uniform();
  std::uint8_t value = 0;
  for (auto& pixel : mask.values()) {
    if (random.coin(0.2)) value = random.coin(density);
    pixel = value;
  }
  return mask;
}

TEST(Rle, RunsGoDownTheColumnsAndStartWithBackground) {
  Pixels<std::uint8_t> mask({3, 2}, 1);
  mask.at(0, 0) = 1;  // first pixel of the first column
  mask.at(1, 1) = 1;
  EXPECT_THAT(rle_encode(mask).counts, ElementsAre(0, 1, 2, 1, 2));
}

TEST(Rle, DecodeUndoesEncode) {
  Random random(1);
  for (int i = 0; i < 200; ++i) {
    const Size size{static_cast<int>(random.uniform_int(1, 150)),
                    static_cast<int>(random.uniform_int(1, 40))};
    const auto mask = random_mask(random, size);
    const Rle rle = rle_encode(mask);
    EXPECT_EQ(rle_decode(rle), mask);
    EXPECT_EQ(rle_from_string(rle_to_string(rle), size), rle);
  }
}

TEST(Rle, PaintingUndoesEncodingAnId) {
  IdMap ids({3, 2}, 1, 7u), painted({3, 2}, 1, 7u);
  ids.at(1, 0) = ids.at(1, 1) = 9;
  rle_paint(rle_encode(ids, 9), 9, painted);
  EXPECT_EQ(painted, ids);
  IdMap other({2, 2}, 1);
  EXPECT_THAT([&] { rle_paint(rle_encode(ids, 9), 9, other); },
              ThrowsMessage<Error>(HasSubstr("a mask of 3x2 in a picture of 2x2")));
}

TEST(Rle, EncodesOneIdOfAMap) {
  IdMap ids({2, 2}, 1, 7u);
  ids.at(1, 0) = 9;
  EXPECT_THAT(rle_encode(ids, 9).counts, ElementsAre(2, 1, 1));
}

TEST(Rle, StringFormIsCocos) {
  // What pycocotools' mask.encode gives for a 4x3 mask with the pixels (row 1, columns 1 and 2)
  // set.
  Pixels<std::uint8_t> mask({4, 3}, 1);
  mask.at(1, 1) = 1;
  mask.at(2, 1) = 1;
  EXPECT_EQ(rle_to_string(rle_encode(mask)), "41202");
}

TEST(Rle, SetOperationsAgreeWithPixels) {
  Random random(2);
  for (int i = 0; i < 100; ++i) {
    const Size size{17, 23};
    const auto a = random_mask(random, size), b = random_mask(random, size);
    const Rle masks[] = {rle_encode(a), rle_encode(b)};
    std::uint64_t both = 0, either = 0;
    Pixels<std::uint8_t> united(size, 1);
    for (std::size_t p = 0; p < a.values().size(); ++p) {
      both += a.values()[p] && b.values()[p];
      united.values()[p] = a.values()[p] || b.values()[p];
      either += united.values()[p];
    }
    EXPECT_EQ(rle_intersection_area(masks[0], masks[1]), both);
    EXPECT_EQ(rle_area(rle_intersection(masks)), both);
    EXPECT_EQ(rle_union(masks), rle_encode(united));
    if (either > 0) {
      EXPECT_DOUBLE_EQ(rle_iou(masks[0], masks[1]),
                       static_cast<double>(both) / static_cast<double>(either));
    }
  }
}

TEST(Rle, CrowdIouIsOverTheDetection) {
  Pixels<std::uint8_t> small({4, 4}, 1), all({4, 4}, 1, 1);
  small.at(0, 0) = small.at(0, 1) = 1;
  EXPECT_DOUBLE_EQ(rle_iou(rle_encode(small), rle_encode(all), true), 1.0);
  EXPECT_DOUBLE_EQ(rle_iou(rle_encode(small), rle_encode(all), false), 2.0 / 16.0);
}

TEST(Rle, BoxIsTight) {
  Pixels<std::uint8_t> mask({10, 8}, 1);
  EXPECT_EQ(rle_box(rle_encode(mask)), Box());
  mask.at(3, 2) = mask.at(5, 4) = 1;
  EXPECT_EQ(rle_box(rle_encode(mask)), (Box{3, 2, 3, 3}));
  EXPECT_EQ(rle_area(rle_encode(mask)), 2u);
}

TEST(Rle, PolygonOfASquare) {
  const std::vector<double> square = {1, 1, 1, 3, 4, 3, 4, 1};
  const Rle rle = rle_from_polygon(square, {6, 5});
  EXPECT_EQ(rle_area(rle), 6u);
  EXPECT_EQ(rle_box(rle), (Box{1, 1, 3, 2}));
  EXPECT_EQ(rle_from_box({1, 1, 3, 2}, {6, 5}), rle);
}

TEST(Rle, PolygonsOfOneObjectAreUnited) {
  const std::vector<std::vector<double>> parts = {{0, 0, 0, 2, 2, 2, 2, 0},
                                                  {3, 0, 3, 2, 5, 2, 5, 0}};
  EXPECT_EQ(rle_area(rle_from_polygons(parts, {6, 4})), 8u);
}

TEST(Rle, BadInputIsNamed) {
  EXPECT_THAT(
      [] {
        rle_from_counts({3, 4}, {4, 2});
      },
      ThrowsMessage<Error>(HasSubstr("covers 7 pixels, its size 4x2 has 8")));
  EXPECT_THAT([] { rle_from_string("4", {4, 4}); }, ThrowsMessage<Error>(HasSubstr("covers 4")));
  EXPECT_THAT(
      [] {
        rle_from_string("o", {4, 4});
      },
      ThrowsMessage<Error>(HasSubstr("ends in the middle")));
  EXPECT_THAT(
      [] {
        rle_from_string("\x01", {4, 4});
      },
      ThrowsMessage<Error>(HasSubstr("invalid character")));
  EXPECT_THAT(
      [] {
        rle_from_string("oooooooooo4", {4, 4});
      },
      ThrowsMessage<Error>(HasSubstr("too long")));
  EXPECT_THAT(
      [] {
        rle_intersection_area(rle_from_counts({4}, {2, 2}), rle_from_counts({4}, {4, 1}));
      },
      ThrowsMessage<Error>(HasSubstr("different sizes")));
  EXPECT_THAT(
      [] {
        rle_from_polygon(std::vector<double>{1, 1, 2, 2}, {4, 4});
      },
      ThrowsMessage<Error>(HasSubstr("at least 6")));
  EXPECT_THAT(
      [] {
        rle_from_polygon(std::vector<double>{1, 1, 1e12, 2, 3, 3}, {4, 4});
      },
      ThrowsMessage<Error>(HasSubstr("far outside")));
}

}  // namespace
}  // namespace tessera
