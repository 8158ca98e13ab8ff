#include "tessera/inference/overlay.h"

#include <gtest/gtest.h>

#include "tessera/image/draw.h"

namespace tessera {
namespace {

const std::vector<ClassInfo> kClasses = {{0, "road", false, {128, 64, 128}},
                                         {1, "car", true, {0, 0, 142}}};
constexpr Size kSize = {8, 4};

Color color_at(const Image& image, int x, int y) {
  return {image.at(x, y, 0), image.at(x, y, 1), image.at(x, y, 2)};
}
/// Over a black picture a colour is halved.
Color halved(Color color) {
  for (std::uint8_t& value : color) value = static_cast<std::uint8_t>((value + 1) / 2);
  return color;
}

TEST(Overlay, StuffHasItsClassesColourAndObjectsOneOfTheirOwn) {
  Prediction prediction;
  prediction.panoptic.emplace();
  prediction.panoptic->ids = Pixels<std::int32_t>(kSize, 1, 0);
  for (int y = 0; y < 4; ++y) {
    prediction.panoptic->ids.at(7, y) = 1;
    prediction.panoptic->ids.at(0, y) = kVoidSegment;
  }
  prediction.panoptic->segments = {{0, 0, 1, 24}, {1, 1, 1, 4}};
  const Image view = draw_prediction(Image(kSize, 3), prediction, kClasses);
  EXPECT_EQ(color_at(view, 3, 1), halved({128, 64, 128}));
  EXPECT_EQ(color_at(view, 7, 1), halved(identity_color(2)));
  EXPECT_EQ(color_at(view, 6, 1), (Color{255, 255, 255}));  // the object's outline
  EXPECT_EQ(color_at(view, 0, 1), (Color{0, 0, 0}));
}

TEST(Overlay, LikelierObjectsLieAboveOthersAndUnlikelyOnesAreLeftOut) {
  LabelMap all(kSize, 1, 1), right(kSize, 1);
  for (int y = 0; y < 4; ++y) right.at(7, y) = 1;
  Prediction prediction;
  prediction.instances = {
      {1, 0.9F, rle_encode(right)}, {1, 0.5F, rle_encode(all)}, {1, 0.1F, rle_encode(all)}};
  const Image view = draw_prediction(Image(kSize, 3), prediction, kClasses);
  EXPECT_EQ(color_at(view, 2, 1), halved(identity_color(1)));
  EXPECT_EQ(color_at(view, 7, 1), halved(identity_color(2)));
}

TEST(Overlay, ClassMapsHaveClassColoursForThingsToo) {
  Prediction prediction;
  prediction.semantic = LabelMap(kSize, 1, 1);
  prediction.semantic->at(0, 0) = 255;
  const Image view = draw_prediction(Image(kSize, 3), prediction, kClasses);
  EXPECT_EQ(color_at(view, 5, 2), halved({0, 0, 142}));
  EXPECT_EQ(color_at(view, 0, 0), (Color{0, 0, 0}));
}

}  // namespace
}  // namespace tessera
