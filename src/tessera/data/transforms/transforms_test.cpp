#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "tessera/core/config.h"
#include "tessera/data/transforms/normalize.h"
#include "tessera/data/transforms/pipeline.h"
#include "test_support.h"

namespace tessera {
namespace {

Frame small_frame() {
  Frame frame{.key = {"", 0, "street"}, .image = Image({8, 4}, 3, 7)};
  frame.ids = IdMap({8, 4}, 1, 1);
  for (int y = 1; y < 3; ++y)
    for (int x = 2; x < 5; ++x) frame.ids.at(x, y) = 9;
  frame.objects = {{.category = 0, .track_id = 9, .id = 9, .mask = {}, .box = {2, 1, 4, 2}}};
  return frame;
}

TEST(Flip, MirrorsBoxesAsEachReferenceDoes) {
  Frame border = small_frame();
  flip_frame(border);
  EXPECT_EQ(border.objects[0].box, (Corners{4, 1, 6, 2}));
  Frame inclusive = small_frame();
  inclusive.inclusive_boxes = true;
  flip_frame(inclusive);
  EXPECT_EQ(inclusive.objects[0].box, (Corners{3, 1, 5, 2}));
  EXPECT_EQ(inclusive.ids.at(3, 1), 9u);
  EXPECT_EQ(inclusive.ids.at(2, 1), 1u);
  EXPECT_TRUE(inclusive.record.flipped);
}

TEST(Crop, DropsObjectsWithoutExtent) {
  Frame kept = small_frame();
  crop_frame(kept, {3, 0, {5, 4}});
  ASSERT_EQ(kept.objects.size(), 1u);
  EXPECT_EQ(kept.objects[0].box, (Corners{0, 1, 1, 2}));
  Frame dropped = small_frame();
  crop_frame(dropped, {4, 0, {4, 4}});
  EXPECT_TRUE(dropped.objects.empty());
  EXPECT_EQ(dropped.image.size(), (Size{4, 4}));
}

TEST(IgnoredPixels, GoWhereThePictureGoes) {
  Sample sample;
  sample.image = Image({8, 4}, 3);
  sample.ignored = LabelMap({8, 4}, 1);
  sample.ignored->at(1, 2) = 1;
  Frame frame = to_frame(std::move(sample), {});
  resize_frame(frame, {16, 8});
  flip_frame(frame);
  crop_frame(frame, {10, 2, {6, 6}});
  EXPECT_EQ(frame.ignored.size(), (Size{6, 6}));
  EXPECT_EQ(frame.ignored.at(2, 2), 1);  // (2, 4) of the doubled picture, (13, 4) of its mirror
  EXPECT_EQ(frame.ignored.at(3, 3), 1);
  EXPECT_EQ(std::ranges::count(frame.ignored.values(), 1), 4);
}

TEST(Crowds, AreObjectsOnlyWhereAsked) {
  Sample sample;
  sample.image = Image({8, 4}, 3);
  sample.panoptic =
      PanopticMap{IdMap({8, 4}, 1, 9), {{.id = 9, .category = 0, .track_id = 5, .crowd = true}}};
  EXPECT_TRUE(to_frame(sample, {true}).objects.empty());
  const Frame frame = to_frame(sample, {true}, Crowds::kObjects);
  ASSERT_EQ(frame.objects.size(), 1u);
  EXPECT_TRUE(frame.objects[0].crowd);
  EXPECT_EQ(frame.semantic, LabelMap({8, 4}, 1, 0));
}

TEST(Crop, RefusesAWindowOutsideThePicture) {
  Frame frame = small_frame();
  EXPECT_THROW(crop_frame(frame, {4, 0, {5, 4}}), Error);
}

TEST(Crop, KeepsASideThatIsShorterThanTheCrop) {
  const CropWindow window = choose_crop({8, 40}, {16, 16}, [](std::int64_t most) { return most; });
  EXPECT_EQ(window.size, (Size{8, 16}));
  EXPECT_EQ(window.x, 0);
  EXPECT_EQ(window.y, 24);
}

TEST(Resize, RefusesAnEmptyResult) { EXPECT_THROW(rescaled_size({4000, 1}, {40, 40}), Error); }

TEST(ToFrame, RefusesLabelsOfAnotherSize) {
  Sample sample;
  sample.key.name = "street";
  sample.image = Image({8, 4}, 3);
  sample.semantic = LabelMap({8, 5}, 1);
  try {
    to_frame(std::move(sample), {});
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "street: the class labels are 8x5, the picture is 8x4; labels must be of the "
                 "picture's size");
  }
}

TEST(ToFrame, TakesThingsInOrderOfIdWithTheirExtents) {
  Sample sample;
  sample.key.name = "street";
  sample.image = Image({8, 4}, 3);
  sample.panoptic = PanopticMap{
      small_frame().ids, {{.id = 9, .category = 1, .track_id = 5}, {.id = 1, .category = 0}}};
  const Frame frame = to_frame(std::move(sample), {false, true});
  ASSERT_EQ(frame.objects.size(), 1u);
  EXPECT_EQ(frame.objects[0].track_id, 5);
  EXPECT_EQ(frame.objects[0].box, (Corners{2, 1, 4, 2}));
}

TEST(ToFrame, StatedBoxesEndAtTheBorderOrAtTheLastPixelInside) {
  Sample sample;
  sample.image = Image({8, 4}, 3);
  Instance instance;
  instance.box = {2, 1, 3, 2};
  instance.mask = rle_encode(small_frame().ids, 9);
  sample.instances = {instance};
  EXPECT_EQ(to_frame(sample, {true}).objects[0].box, (Corners{2, 1, 5, 3}));
  const Frame inclusive = to_frame(sample, {true}, Crowds::kDropped, /*inclusive_boxes=*/true);
  EXPECT_EQ(inclusive.objects[0].box, (Corners{2, 1, 4, 2}));
}

class PipelineConfig : public test::TemporaryFolder {
 protected:
  Pipeline load(const std::string& text) {
    std::ofstream(folder_ / "data.yaml") << text;
    return Config::load(folder_ / "data.yaml").read<Pipeline>();
  }
  std::string error(const std::string& text) {
    try {
      load(text);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }

  StageTimes times_;
};

constexpr const char* kKittiStep = R"(steps:
  - {kind: resize, scales: [{long: 12, short: 4}], ratio_min: 0.5, ratio_max: 2}
  - {kind: flip}
  - {kind: crop, width: 6, height: 4}
  - {kind: photometric}
)";

TEST_F(PipelineConfig, FramesOfAClipGetTheSameDrawsAndEpochsRepeat) {
  const Pipeline pipeline = load(kKittiStep);
  for (std::uint64_t sample = 0; sample < 20; ++sample) {
    Clip clip = {small_frame(), small_frame()};
    Clip again = {small_frame()};
    ASSERT_TRUE(apply_pipeline(pipeline, clip, Random(3).fork(sample), times_));
    ASSERT_TRUE(apply_pipeline(pipeline, again, Random(3).fork(sample), times_));
    EXPECT_TRUE(clip[0].image == clip[1].image);
    EXPECT_TRUE(clip[0].ids == clip[1].ids);
    EXPECT_TRUE(clip[0].image == again[0].image);
    EXPECT_EQ(clip[0].record.flipped, clip[1].record.flipped);
  }
}

TEST_F(PipelineConfig, RequireTracksRejectsClipsWithoutACommonObject) {
  const Pipeline pipeline = load("steps: [{kind: require_tracks}]\n");
  Clip same = {small_frame(), small_frame()};
  EXPECT_TRUE(apply_pipeline(pipeline, same, Random(1), times_));
  Clip other = same;
  other[1].objects[0].track_id = 10;
  EXPECT_FALSE(apply_pipeline(pipeline, other, Random(1), times_));
  Clip other_class = same;
  other_class[1].objects[0].category = 1;
  EXPECT_FALSE(apply_pipeline(pipeline, other_class, Random(1), times_));
  Clip untracked = same;
  for (Frame& frame : untracked) frame.objects[0].track_id = -1;
  EXPECT_FALSE(apply_pipeline(pipeline, untracked, Random(1), times_));
  EXPECT_EQ(times_.count("require_tracks"), 1u);
}

TEST_F(PipelineConfig, ErrorsNameKeyAndLine) {
  const std::string range =
      error("steps:\n  - {kind: flip}\n  - {kind: crop, width: 0, height: 4}\n");
  EXPECT_NE(range.find("data.yaml:3"), std::string::npos) << range;
  EXPECT_NE(range.find("steps.1.width"), std::string::npos) << range;
  const std::string unknown = error("steps:\n  - {kind: flip, probabilty: 1}\n");
  EXPECT_NE(unknown.find("probability"), std::string::npos) << unknown;
  const std::string kind = error("steps:\n  - {kind: resiez}\n");
  EXPECT_NE(kind.find("resize"), std::string::npos) << kind;
}

TEST_F(PipelineConfig, CategoryShareNeedsLabels) {
  const Pipeline pipeline =
      load("steps: [{kind: crop, width: 2, height: 2, max_category_share: 0.75}]\n");
  Clip clip = {small_frame()};
  EXPECT_THROW(apply_pipeline(pipeline, clip, Random(1), times_), Error);
}

TEST(MultiScale, DrawsWithinTheRangeAndOnlyTheValues) {
  ResizeOptions options{.scales = {{1333, 640}, {1333, 800}},
                        .sampling = ResizeOptions::Sampling::kRange};
  Random random(5);
  for (int i = 0; i < 200; ++i) {
    const Scale scale = choose_scale(options, random);
    EXPECT_EQ(scale.long_edge, 1333);
    EXPECT_GE(scale.short_edge, 640);
    EXPECT_LE(scale.short_edge, 800);
  }
  options.sampling = ResizeOptions::Sampling::kValue;
  for (int i = 0; i < 50; ++i) {
    const int edge = choose_scale(options, random).short_edge;
    EXPECT_TRUE(edge == 640 || edge == 800);
  }
}

Frame frame_with_object(Size size) {
  Frame frame{.key = {}, .image = Image(size, 3)};
  Random random(5);
  for (std::uint8_t& value : frame.image.values())
    value = static_cast<std::uint8_t>(random.uniform_int(0, 255));
  frame.ids = IdMap(size, 1, 7);
  frame.objects = {{.category = 0, .track_id = 1, .id = 7}};
  return frame;
}

TEST(FloatPictures, AreResizedWithoutRoundingToEightBits) {
  Clip rounded = {frame_with_object({30, 20})}, precise = {frame_with_object({30, 20})};
  Pipeline pipeline;
  pipeline.steps = {ResizeOptions{.scales = {{47, 47}}}, FlipOptions{.probability = 1},
                    CropOptions{.size = {20, 16}}};
  StageTimes times;
  ASSERT_TRUE(apply_pipeline(pipeline, rounded, Random(1), times));
  pipeline.float_pictures = true;
  ASSERT_TRUE(apply_pipeline(pipeline, precise, Random(1), times));
  const Frame& a = rounded[0];
  const Frame& b = precise[0];
  EXPECT_TRUE(b.image.empty());
  ASSERT_EQ(b.precise.size(), a.image.size());
  int fractions = 0;
  for (std::size_t i = 0; i < a.image.values().size(); ++i) {
    EXPECT_NEAR(b.precise.values()[i], a.image.values()[i], 1);
    fractions += b.precise.values()[i] != std::round(b.precise.values()[i]);
  }
  EXPECT_GT(fractions, 100);
}

TEST(Normalize, FloatAndEightBitPixelsAgreeAndBlueMayComeFirst) {
  Frame frame = frame_with_object({5, 3});
  std::vector<float> from_bytes(3 * 8 * 4), from_floats(from_bytes), blue_first(from_bytes);
  normalize_into(frame.image, {}, {8, 4}, from_bytes.data());
  normalize_into(frame.image, {.blue_first = true}, {8, 4}, blue_first.data());
  make_precise(frame);
  normalize_into(frame.precise, {}, {8, 4}, from_floats.data());
  EXPECT_EQ(from_bytes, from_floats);
  EXPECT_TRUE(std::equal(blue_first.begin(), blue_first.begin() + 32, from_bytes.begin() + 64));
  EXPECT_TRUE(std::equal(blue_first.begin() + 64, blue_first.end(), from_bytes.begin()));
}

TEST(Resize, WithoutKeepingTheRatioFillsTheScale) {
  Clip clip = {frame_with_object({30, 20})};
  ASSERT_TRUE(
      apply_step(ResizeOptions{.scales = {{16, 24}}, .keep_ratio = false}, clip, Random(1)));
  EXPECT_EQ(clip[0].size(), (Size{16, 24}));
  EXPECT_FLOAT_EQ(clip[0].record.scale_x, 16.0f / 30);
  EXPECT_FLOAT_EQ(clip[0].record.scale_y, 1.2f);
}

TEST(Crop, DrawsItsSidesBetweenLimitsThatThePictureBounds) {
  const CropOptions options{.size = {24, 40}, .least = {10, 12}};
  std::set<int> widths, heights;
  for (int seed = 0; seed < 300; ++seed) {
    Clip clip = {frame_with_object({30, 20})};
    ASSERT_TRUE(apply_step(options, clip, Random(seed)));
    widths.insert(clip[0].size().width);
    heights.insert(clip[0].size().height);
  }
  EXPECT_EQ(*widths.begin(), 10);
  EXPECT_EQ(*widths.rbegin(), 24);
  EXPECT_EQ(*heights.begin(), 12);
  EXPECT_EQ(*heights.rbegin(), 20);
}

TEST(RequireObjects, RejectsAClipWithAnEmptyFrame) {
  Clip clip = {frame_with_object({4, 4}), frame_with_object({4, 4})};
  EXPECT_TRUE(apply_step(RequireObjects{}, clip, Random(1)));
  clip[1].objects.clear();
  EXPECT_FALSE(apply_step(RequireObjects{}, clip, Random(1)));
}

}  // namespace
}  // namespace tessera
