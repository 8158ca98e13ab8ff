#include "tessera/data/transforms/motion.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <utility>

#include "tessera/checkpoint/safetensors.h"
#include "tessera/core/error.h"
#include "tessera/data/transforms/pipeline.h"
#include "test_support.h"

namespace tessera {
namespace {

/// What imgaug made of one picture in the official augmenter.
class ImgaugGolden : public ::testing::Test {
 protected:
  Image image(const std::string& name) const {
    const TensorView& tensor = find(name);
    const int channels = tensor.shape.size() == 3 ? 3 : 1;
    Image image({static_cast<int>(tensor.shape[1]), static_cast<int>(tensor.shape[0])}, channels);
    std::ranges::copy(tensor.packed_bytes(), image.values().begin());
    return image;
  }
  const TensorView& find(const std::string& name) const {
    for (const auto& [key, tensor] : golden_.tensors)
      if (key == name) return tensor;
    throw std::runtime_error(name);
  }

  Safetensors golden_ = read_safetensors(test::golden_dir() / "vishv/augmentation.safetensors");
  Image input_ = image("in.image");
};

/// In grey levels; the last bit of a filter's sum depends on how OpenCV vectorises it.
int greatest_difference(const Image& a, const Image& b) {
  EXPECT_EQ(a.size(), b.size());
  int greatest = 0;
  for (std::size_t i = 0; i < a.values().size(); ++i)
    greatest = std::max(greatest, std::abs(a.values()[i] - b.values()[i]));
  return greatest;
}

Image red_and_blue_swapped(Image image) {
  for (std::size_t i = 0; i < image.values().size(); i += 3)
    std::swap(image.values()[i], image.values()[i + 2]);
  return image;
}

TEST_F(ImgaugGolden, Affine) {
  EXPECT_TRUE(warp_affine(input_, {0.07, -0.04}, 11) == image("affine0.image"));
  EXPECT_TRUE(warp_affine(input_, {-0.1, 0.1}, -12) == image("affine1.image"));
  EXPECT_TRUE(warp_affine(input_, {0, 0.03}, 4, 1.08) == image("affine2.image"));
}

TEST_F(ImgaugGolden, Perspective) {
  const Perspective first{
      {1.1528118332441404, 0.005103273734334467, -3.2027806214113, 0.07581865613463969,
       1.1443555232110991, -6.0039795359187815, 0.0020894583953117306, 0.00016925867560932148, 1.0},
      {67, 45}};
  Frame frame{.image = input_};
  warp_perspective(frame, first);
  EXPECT_TRUE(frame.image == image("perspective0.image"));
  // The corners that the official matrix maps to the rectangle's.
  const Perspective ours =
      perspective_of(input_.size(), {{{0.039368804544210434, 0.10550038516521454},
                                      {-0.009738140739500523, 0.01362406276166439},
                                      {0.005750416778028011, -0.04201216995716095},
                                      {0.03684894, 1 - 0.935625}}});
  EXPECT_EQ(ours.size, first.size);
  for (int i = 0; i < 9; ++i) EXPECT_NEAR(ours.matrix[i], first.matrix[i], 1e-4);
}

TEST_F(ImgaugGolden, MotionBlur) {
  const BlurChoice choices[] = {{9, 33, 0.4}, {11, 200, -1}, {7, 90, 0}};
  for (int i = 0; i < 3; ++i) {
    const std::string name = "motion_blur" + std::to_string(i);
    const std::vector<float> kernel = blur_kernel(choices[i]);
    const std::vector<std::uint8_t> bytes = find(name + ".kernel").packed_bytes();
    ASSERT_EQ(bytes.size(), kernel.size() * sizeof(float));
    const auto* expected = reinterpret_cast<const float*>(bytes.data());
    for (std::size_t k = 0; k < kernel.size(); ++k) EXPECT_NEAR(kernel[k], expected[k], 1e-6);
    EXPECT_LE(greatest_difference(blur(input_, choices[i]), image(name + ".image")), 1);
  }
}

TEST_F(ImgaugGolden, Colour) {
  for (const auto& [name, value] : {std::pair{"add0", 37}, {"add1", -40}}) {
    Image changed = input_;
    add_value(changed, value);
    EXPECT_TRUE(changed == image(std::string(name) + ".image"));
  }
  for (const auto& [name, value] :
       {std::pair{"hue_sat0", 5}, {"hue_sat1", -4}, {"hue_sat2", -15}}) {
    Image changed = red_and_blue_swapped(input_);
    add_hue_saturation(changed, value);
    EXPECT_TRUE(red_and_blue_swapped(changed) == image(std::string(name) + ".image"));
  }
}

Frame still_picture() {
  Frame frame{.key = {"", 0, "still"}, .image = Image({64, 48}, 3, 90)};
  frame.semantic = LabelMap({64, 48}, 1, 3);
  for (const int left : {20, 26}) {
    FrameObject object{.category = 1, .track_id = left, .mask = LabelMap({64, 48}, 1)};
    for (int y = 16; y < 32; ++y) std::fill_n(object.mask.row(y) + left, 16, std::uint8_t{1});
    frame.objects.push_back(std::move(object));
  }
  return frame;
}

TEST(Motion, MovesPictureAndLabelsTogether) {
  Frame frame = still_picture();
  apply_motion(frame, {.shift = 0.25});
  ASSERT_EQ(frame.objects.size(), 2u);
  EXPECT_EQ(frame.objects[0].box, (Corners{36, 28, 41, 43}));  // the later object covers the rest
  EXPECT_EQ(frame.objects[1].box, (Corners{42, 28, 57, 43}));
  EXPECT_EQ(frame.invalid.at(15, 40), 1);
  EXPECT_EQ(frame.invalid.at(16, 12), 0);
  EXPECT_EQ(frame.semantic.at(15, 40), 255);
  EXPECT_EQ(frame.image.at(15, 40, 0), 0);
  EXPECT_EQ(frame.image.at(16, 12, 0), 90);
  apply_motion(frame, {.shift = 0.6});
  EXPECT_TRUE(frame.objects.empty());
}

TEST(Motion, MakesTheSameClipFromTheSameSeed) {
  const MotionOptions options{.frames = 5};
  Clip clip = {still_picture()}, again = clip, other = clip;
  Random seven(7), seven_again(7), eight(8);
  simulate_motion(clip, options, seven);
  simulate_motion(again, options, seven_again);
  simulate_motion(other, options, eight);
  ASSERT_EQ(clip.size(), 5u);
  int unmoved = 0, differing = 0;
  for (std::size_t i = 0; i < clip.size(); ++i) {
    EXPECT_TRUE(clip[i].image == again[i].image);
    EXPECT_TRUE(clip[i].ids == again[i].ids);
    unmoved += clip[i].image == still_picture().image;
    differing += !(clip[i].image == other[i].image);
  }
  EXPECT_EQ(unmoved, 1);
  EXPECT_GT(differing, 0);
}

TEST(Motion, RefusesAClipThatMovesAlready) {
  Clip clip = {still_picture(), still_picture()};
  Random random(1);
  EXPECT_THROW(simulate_motion(clip, {}, random), Error);
}

}  // namespace
}  // namespace tessera
