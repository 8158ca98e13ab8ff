// Resizing and cropping by other rules than OpenCV's. What TensorFlow computes is compared by
// tests/parity (pix2seqd).
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tessera/core/error.h"
#include "tessera/data/loader/batch.h"
#include "tessera/data/transforms/geometry.h"
#include "tessera/data/transforms/label_resize.h"

namespace tessera {
namespace {

/// An object that covers a third of the pixels here and there.
LabelMap scattered_mask(Size size) {
  LabelMap mask(size, 1);
  Random random(5);
  for (std::uint8_t& value : mask.values()) value = random.coin(0.3);
  return mask;
}

/// Bilinear interpolation of a mask, pixel by pixel from its definition.
double share_at(const LabelMap& mask, Size size, int x, int y) {
  const auto place = [](int i, int in, int out) {
    return std::max((i + 0.5) * in / out - 0.5, 0.0);
  };
  const double at_x = place(x, mask.width(), size.width);
  const double at_y = place(y, mask.height(), size.height);
  double sum = 0;
  for (int sy = 0; sy < mask.height(); ++sy)
    for (int sx = 0; sx < mask.width(); ++sx) {
      const double weight =
          std::max(0.0, 1 - std::abs(std::min<double>(at_x, mask.width() - 1) - sx)) *
          std::max(0.0, 1 - std::abs(std::min<double>(at_y, mask.height() - 1) - sy));
      sum += weight * mask.at(sx, sy);
    }
  return sum;
}

TEST(ResizeByMajority, CutsTheInterpolatedMaskAtOneHalf) {
  const LabelMap mask = scattered_mask({13, 9});
  for (const Size size : {Size{7, 5}, Size{29, 20}}) {
    const LabelMap resized = resize_by_majority(mask, size);
    int inside = 0;
    for (int y = 0; y < size.height; ++y)
      for (int x = 0; x < size.width; ++x) {
        const double share = share_at(mask, size, x, y);
        if (std::abs(share - 0.5) < 1e-5) continue;
        ASSERT_EQ(resized.at(x, y), share > 0.5) << x << " " << y;
        inside += resized.at(x, y);
      }
    EXPECT_GT(inside, 0);
  }
}

TEST(ResizeByMajority, GivesEveryIdWhatItsOwnMaskWouldGet) {
  IdMap ids({13, 9}, 1);
  Random random(6);
  for (std::uint32_t& id : ids.values()) id = static_cast<std::uint32_t>(random.uniform_int(0, 2));
  const IdMap resized = resize_by_majority(ids, {21, 17});
  for (const std::uint32_t id : {1u, 2u}) {
    LabelMap mask(ids.size(), 1);
    std::ranges::transform(ids.values(), mask.values().begin(),
                           [&](std::uint32_t value) { return value == id; });
    const LabelMap own = resize_by_majority(mask, {21, 17});
    for (std::size_t i = 0; i < own.values().size(); ++i)
      ASSERT_EQ(resized.values()[i] == id, own.values()[i] == 1);
  }
}

TEST(ResizeRule, MajorityLeavesClassMapsToTheNearestPixel) {
  Frame frame{.image = Image({4, 1}, 3)};
  frame.semantic = LabelMap({4, 1}, 1, 7);
  frame.semantic.at(3, 0) = 9;
  frame.objects = {{.mask = LabelMap({4, 1}, 1)}};
  std::fill_n(frame.objects[0].mask.row(0), 2, std::uint8_t{1});
  resize_frame(frame, {2, 1}, {.labels = LabelFilter::kMajority});
  EXPECT_EQ(frame.semantic.at(0, 0), 7);
  EXPECT_EQ(frame.semantic.at(1, 0), 7);
  EXPECT_EQ(frame.objects[0].mask.at(0, 0), 1);
  EXPECT_EQ(frame.objects[0].mask.at(1, 0), 0);
}

TEST(ResizeRule, AntialiasNeedsFloatPictures) {
  Frame frame{.image = Image({4, 4}, 3)};
  EXPECT_THROW(resize_frame(frame, {2, 2}, {.picture = PictureFilter::kAntialiased}), Error);
}

TEST(RescaledSize, RoundsAsEachReferenceDoes) {
  // Half of 5 and of 7 is 2.5 and 3.5.
  EXPECT_EQ(rescaled_size({7, 5}, {4, 3}, Rounding::kNearest), (Size{4, 3}));
  EXPECT_EQ(rescaled_size({10, 5}, {5, 5}, Rounding::kHalfEven), (Size{5, 2}));
  EXPECT_EQ(rescaled_size({10, 5}, {5, 5}, Rounding::kNearest), (Size{5, 3}));
  EXPECT_EQ(fitted_size({10, 5}, {5, 9}, 1, Rounding::kDown), (Size{5, 2}));
  EXPECT_THROW(fitted_size({4000, 1}, {40, 40}, 1, Rounding::kDown), Error);
}

TEST(CropAtShare, MovesAlongBothAxesAtOnce) {
  const CropWindow window = crop_at_share({100, 60}, {50, 40}, 0.5);
  EXPECT_EQ(window.x, 25);
  EXPECT_EQ(window.y, 10);
  EXPECT_EQ(window.size, (Size{50, 40}));
  EXPECT_EQ(crop_at_share({30, 60}, {50, 40}, 0.5).size, (Size{30, 40}));
}

/// Half of the picture is missing: 200 on the left, nothing on the right.
Frame half_a_picture() {
  Frame frame{.image = Image({4, 1}, 3, 200)};
  frame.invalid = LabelMap({4, 1}, 1);
  frame.invalid.at(2, 0) = frame.invalid.at(3, 0) = 1;
  return frame;
}

TEST(MissingPixels, AreZeroAfterNormalisingAndMixWithTheirNeighboursWhenResized) {
  Frame frame = half_a_picture();
  make_precise(frame);
  resize_frame(frame, {8, 1});
  CollateOptions options;
  options.divisor = 1;
  const Batch batch = collate({{std::move(frame)}}, options);
  const auto whole =
      static_cast<float>((200 - options.normalize.mean[0]) / options.normalize.std[0]);
  // The official code normalises, clears and then resizes.
  const float shares[8] = {1, 1, 1, 0.75f, 0.25f, 0, 0, 0};
  for (int x = 0; x < 8; ++x) EXPECT_NEAR(batch.pixels[x], shares[x] * whole, 1e-5) << x;
}

TEST(IgnoreBackground, LeavesObjectsOnly) {
  Frame frame{.image = Image({4, 1}, 3)};
  frame.ids = IdMap({4, 1}, 1);
  frame.ids.at(1, 0) = 5;
  frame.ids.at(2, 0) = 6;
  frame.objects = {{.id = 5}};
  ignore_background(frame);
  EXPECT_EQ(frame.ignored.at(0, 0), 1);
  EXPECT_EQ(frame.ignored.at(1, 0), 0);
  EXPECT_EQ(frame.ignored.at(2, 0), 1);
}

}  // namespace
}  // namespace tessera
