#include "tessera/image/draw.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

namespace tessera {
namespace {

int distance(Color a, Color b) {
  int sum = 0;
  for (int c = 0; c < 3; ++c) sum += std::abs(a[c] - b[c]);
  return sum;
}

Color color_at(const Image& image, int x, int y) {
  return {image.at(x, y, 0), image.at(x, y, 1), image.at(x, y, 2)};
}

TEST(Draw, VocPaletteIsTheDevkits) {
  const auto& palette = voc_palette();
  EXPECT_EQ(palette[0], (Color{0, 0, 0}));
  EXPECT_EQ(palette[1], (Color{128, 0, 0}));
  EXPECT_EQ(palette[11], (Color{192, 128, 0}));    // diningtable
  EXPECT_EQ(palette[15], (Color{192, 128, 128}));  // person
  EXPECT_EQ(palette[255], (Color{224, 224, 192}));
}

TEST(Draw, NeighbouringIdentitiesLookDifferent) {
  for (std::uint64_t id = 110'000; id < 110'200; ++id) {
    EXPECT_EQ(identity_color(id), identity_color(id));
    for (std::uint64_t next = id + 1; next < id + 4; ++next)
      EXPECT_GT(distance(identity_color(id), identity_color(next)), 60) << id << " " << next;
    const Color color = identity_color(id);
    EXPECT_GT(*std::max_element(color.begin(), color.end()), 200);
  }
}

TEST(Draw, FillAndPasteAreCutAtTheBorder) {
  Image image({4, 3}, 3);
  fill(image, {2, -1, 9, 2}, {9, 9, 9});
  EXPECT_EQ(color_at(image, 3, 0), (Color{9, 9, 9}));
  EXPECT_EQ(color_at(image, 1, 0), (Color{}));
  EXPECT_EQ(color_at(image, 3, 1), (Color{}));
  const Image patch({2, 2}, 3, 7);
  for (const Point place : {Point{-1, -1}, {3, 2}, {9, 9}, {-5, 0}}) paste(image, patch, place);
  EXPECT_EQ(color_at(image, 0, 0), (Color{7, 7, 7}));
  EXPECT_EQ(color_at(image, 3, 2), (Color{7, 7, 7}));
  EXPECT_EQ(color_at(image, 1, 1), (Color{}));
}

TEST(Draw, TagsStayInsideThePicture) {
  Image image({120, 40}, 3, 100);
  draw_tag(image, "car 7", {119, 39}, 10, {250, 250, 0});
  EXPECT_EQ(color_at(image, 119, 39), (Color{250, 250, 0}));
  EXPECT_EQ(color_at(image, 0, 0), (Color{100, 100, 100}));
  EXPECT_LT(text_width("car 7", 10), 119);
  int dark = 0;  // dark letters on the light box
  for (int y = 0; y < 40; ++y)
    for (int x = 0; x < 120; ++x) dark += image.at(x, y, 0) < 40;
  EXPECT_GT(dark, 10);
}

TEST(Draw, InnerPointIsInTheMiddleOfTheLargestPart) {
  Pixels<std::uint8_t> mask({20, 9}, 1);
  for (int x = 0; x < 9; ++x)
    for (int y = 0; y < 9; ++y) mask.at(x, y) = 1;
  for (int x = 9; x < 20; ++x) mask.at(x, 4) = 1;
  const InnerPoint inner = inner_point(mask);
  EXPECT_EQ(inner.point, (Point{4, 4}));
  EXPECT_NEAR(inner.distance, 5, 0.3);
  EXPECT_LT(inner_point(Pixels<std::uint8_t>({5, 5}, 1)).distance, 0);
}

TEST(Draw, SizesFitWithinLimits) {
  EXPECT_EQ(fit_within({1248, 384}, {400, 300}), (Size{400, 123}));
  EXPECT_EQ(fit_within({10, 1000}, {400, 300}), (Size{3, 300}));
  EXPECT_EQ(scaled_to(Image({8, 8}, 3, 50), {4, 2}), Image({4, 2}, 3, 50));
}

}  // namespace
}  // namespace tessera
