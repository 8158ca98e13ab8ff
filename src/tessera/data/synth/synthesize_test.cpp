#include "tessera/data/synth/synthesize.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/data/open_dataset.h"
#include "tessera/data/synth/dataset_writer.h"
#include "tessera/data/synth/look.h"
#include "tessera/data/synth/oracle.h"
#include "test_support.h"

namespace tessera::synth {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Property;
using ::testing::Throws;

SynthOptions small(int frames = 10) {
  SynthOptions options;
  options.sequences = 1;
  options.val_sequences = 1;
  options.frames = frames;
  options.size = {208, 64};
  options.seed = 5;
  options.threads = 2;
  return options;
}

std::vector<SynthFrame> draw_all(const SynthOptions& options) {
  std::vector<SynthFrame> frames;
  FrameStages stages;
  stages.after = [&](const SynthFrame& frame, std::size_t) { frames.push_back(frame); };
  draw_frames(options, stages);
  return frames;
}

TEST(Synthesize, AnyNumberOfThreadsGivesTheSameFrames) {
  SynthOptions options = small(5);
  options.threads = 1;
  const std::vector<SynthFrame> one = draw_all(options);
  options.threads = 3;
  const std::vector<SynthFrame> three = draw_all(options);
  ASSERT_EQ(one.size(), 10u);
  ASSERT_EQ(three.size(), one.size());
  for (std::size_t i = 0; i < one.size(); ++i) {
    EXPECT_EQ(one[i].image, three[i].image);
    EXPECT_EQ(one[i].categories, three[i].categories);
    EXPECT_EQ(one[i].tracks, three[i].tracks);
    EXPECT_EQ(one[i].flow, three[i].flow);
  }
}

TEST(Synthesize, APlainStreetHasFewLargeThingsAndNothingThin) {
  SynthOptions options = small(12);
  options.sequences = 4;
  options.street = StreetKind::kPlain;
  const std::set<int> expected = {kRoad,    kSidewalk, kBuilding, kVegetation,
                                  kTerrain, kSky,      kPerson,   kCar};
  std::set<int> seen;
  for (const SynthFrame& frame : draw_all(options)) {
    for (const std::uint8_t category : frame.categories.values()) seen.insert(category);
    for (const SynthObject& object : frame.objects)
      EXPECT_GE(object.area, options.size.width * options.size.height / 500);
    EXPECT_LE(frame.objects.size(), 12u);
  }
  EXPECT_EQ(seen, expected);
}

TEST(Synthesize, AnotherSeedGivesAnotherStreet) {
  SynthOptions options = small(1);
  const std::vector<SynthFrame> first = draw_all(options);
  options.seed = 6;
  EXPECT_NE(draw_all(options)[0].image, first[0].image);
}

TEST(Synthesize, ListedObjectsAreThosePainted) {
  for (const SynthFrame& frame : draw_all(small(4))) {
    std::map<std::uint32_t, std::int64_t> areas;
    for (std::size_t i = 0; i < frame.tracks.values().size(); ++i) {
      const std::uint32_t track = frame.tracks.values()[i];
      if (track == 0) continue;
      ++areas[track];
      EXPECT_GE(frame.categories.values()[i], kPerson);
    }
    ASSERT_EQ(areas.size(), frame.objects.size());
    for (const SynthObject& object : frame.objects) EXPECT_EQ(areas[object.track], object.area);
  }
}

TEST(Synthesize, ObjectsLeaveAndComeBackUnderTheSameIdentity) {
  SynthOptions options = small(50);
  options.val_sequences = 0;
  std::map<std::uint32_t, std::vector<int>> seen;
  for (const SynthFrame& frame : draw_all(options))
    for (const SynthObject& object : frame.objects) seen[object.track].push_back(frame.frame);
  int returned = 0;
  for (const auto& [track, frames] : seen)
    returned += frames.back() - frames.front() + 1 > static_cast<int>(frames.size());
  EXPECT_GE(returned, 3);
}

TEST(Synthesize, FlowLeadsToTheSameObject) {
  const std::vector<SynthFrame> frames = draw_all(small(6));
  std::int64_t followed = 0, same = 0;
  for (std::size_t i = 0; i + 1 < frames.size(); ++i) {
    const SynthFrame& now = frames[i];
    const SynthFrame& next = frames[i + 1];
    if (next.frame == 0) continue;
    for (int y = 0; y < now.tracks.height(); ++y)
      for (int x = 0; x < now.tracks.width(); ++x) {
        const int to_x = static_cast<int>(std::floor(x + 0.5f + now.flow.at(x, y, 0)));
        const int to_y = static_cast<int>(std::floor(y + 0.5f + now.flow.at(x, y, 1)));
        if (to_x < 0 || to_y < 0 || to_x >= next.tracks.width() || to_y >= next.tracks.height())
          continue;
        ++followed;
        same += now.tracks.at(x, y) == next.tracks.at(to_x, to_y) &&
                now.categories.at(x, y) == next.categories.at(to_x, to_y);
      }
  }
  // What is hidden in the next frame, and the outlines, are the rest.
  EXPECT_GT(static_cast<double>(same) / static_cast<double>(followed), 0.9);
}

TEST(Look, SplitsShareNoModel) {
  const Look train(Random(1).fork("train").fork("look")), val(Random(1).fork("val").fork("look"));
  std::set<float> lengths, heights;
  for (const CarModel& car : train.cars) lengths.insert(car.length);
  for (const PersonModel& person : train.people) heights.insert(person.height);
  for (const CarModel& car : val.cars) EXPECT_EQ(lengths.count(car.length), 0u);
  for (const PersonModel& person : val.people) EXPECT_EQ(heights.count(person.height), 0u);
}

TEST(Oracle, OnlyPerfectNamesSurviveBeingHidden) {
  // One object, hidden in the middle frame.
  SynthFrame frame;
  frame.split = "val";
  frame.categories = LabelMap({4, 1}, 1, kCar);
  std::map<Association, std::set<std::uint32_t>> names;
  for (const Association association : kAssociations) {
    Oracle oracle(association);
    for (int i = 0; i < 3; ++i) {
      frame.frame = i;
      frame.tracks = IdMap({4, 1}, 1, i == 1 ? 0 : 7);
      frame.objects.clear();
      if (i != 1) frame.objects.push_back({7, kCar, 4, 0, 0, 4, 1});
      const IdMap prediction = oracle.predict(frame);
      if (i != 1) names[association].insert(prediction.at(0, 0));
    }
  }
  EXPECT_EQ(names[Association::kPerfect].size(), 1u);
  EXPECT_EQ(names[Association::kOverlap].size(), 2u);
  EXPECT_EQ(names[Association::kRandom].size(), 2u);
}

class SynthesizeFolder : public test::TemporaryFolder {};

TEST_F(SynthesizeFolder, EveryFormatIsReadBackWithoutProblems) {
  struct Case {
    const char* format;
    DatasetFormat read_as;
    const char* split;
    std::size_t samples;
  };
  for (const Case& c : {Case{"kitti-step", DatasetFormat::kKittiStep, "val", 10},
                        Case{"kitti-step-flat", DatasetFormat::kKittiStep, "train", 10},
                        Case{"cityscapes-vps", DatasetFormat::kCityscapesVps, "val", 2},
                        Case{"coco", DatasetFormat::kCocoPanoptic, "val", 10},
                        Case{"coco", DatasetFormat::kCocoInstances, "train", 10},
                        Case{"ade20k", DatasetFormat::kAde20k, "val", 10},
                        Case{"cityscapes", DatasetFormat::kCityscapes, "val", 10},
                        Case{"cityscapes", DatasetFormat::kCityscapesStep, "train", 10},
                        Case{"custom", DatasetFormat::kCustom, "val", 10},
                        Case{"kitti-mots", DatasetFormat::kKittiMots, "val", 10},
                        Case{"mapillary", DatasetFormat::kMapillary, "train", 10},
                        Case{"pascal-voc", DatasetFormat::kPascalVoc, "val", 10},
                        Case{"vipseg", DatasetFormat::kVipseg, "val", 10},
                        Case{"youtube-vis", DatasetFormat::kYoutubeVis, "train", 10},
                        Case{"davis", DatasetFormat::kDavis, "val", 10}}) {
    SCOPED_TRACE(std::string(c.format) + " " + c.split);
    SynthOptions options = small();
    options.format = c.format;
    options.replace = true;
    synthesize(folder_ / c.format, options);
    DatasetSpec spec;
    spec.format = c.read_as;
    spec.root = folder_ / c.format;
    spec.split = c.split;
    const std::unique_ptr<Dataset> dataset = open_dataset(spec);
    ASSERT_EQ(dataset->size(), c.samples);
    const Sample sample = dataset->load(0);
    EXPECT_EQ(sample.image.size(), options.size);
    EXPECT_TRUE(sample.panoptic.has_value() || sample.semantic.has_value() ||
                !sample.instances.empty());
  }
}

TEST_F(SynthesizeFolder, KittiStepHoldsTheExactIdentities) {
  SynthOptions options = small(3);
  options.sequences = 0;
  synthesize(folder_ / "out", options);
  DatasetSpec spec;
  spec.format = DatasetFormat::kKittiStep;
  spec.root = folder_ / "out";
  spec.split = "val";
  const std::unique_ptr<Dataset> dataset = open_dataset(spec);
  const std::vector<SynthFrame> frames = draw_all(options);
  ASSERT_EQ(dataset->size(), frames.size());
  for (std::size_t i = 0; i < frames.size(); ++i) {
    std::map<std::uint32_t, std::int64_t> areas, expected;
    const Sample sample = dataset->load(i);
    for (const Segment& segment : sample.panoptic->segments)
      if (segment.track_id > 0 && !segment.crowd)
        areas[static_cast<std::uint32_t>(segment.track_id % 10000)] = segment.area;
    for (const SynthObject& object : frames[i].objects)
      if (object.category == kPerson || object.category == kCar)
        expected[object.track] = object.area;
    EXPECT_EQ(areas, expected);
  }
}

TEST_F(SynthesizeFolder, BadOptionsAreUsageErrorsAndTouchNothing) {
  const auto expect = [&](const std::function<void(SynthOptions&)>& change, const char* what) {
    SynthOptions options = small();
    change(options);
    EXPECT_THAT([&] { synthesize(folder_ / "out", options); },
                Throws<UsageError>(Property(&UsageError::what, HasSubstr(what))));
    EXPECT_TRUE(fs::is_empty(folder_));
  };
  expect([](SynthOptions& o) { o.format = "kiti-step"; }, "did you mean 'kitti-step'");
  expect([](SynthOptions& o) { o.size = {1 << 20, 384}; }, "out of range");
  expect([](SynthOptions& o) { o.size = {384, 0}; }, "out of range");
  expect([](SynthOptions& o) { o.frames = 0; }, "--frames 0 is out of range");
  expect([](SynthOptions& o) { o.sequences = -1; }, "--sequences -1");
  expect([](SynthOptions& o) { o.sequences = o.val_sequences = 0; }, "nothing to draw");
  expect([](SynthOptions& o) { o.sequences = o.frames = 500'000; }, "at most");
  expect(
      [](SynthOptions& o) {
        o.format = "cityscapes-vps";
        o.frames = 7;
      },
      "multiple of 5");
  expect(
      [](SynthOptions& o) {
        o.format = "coco";
        o.oracles = true;
      },
      "--oracles");
  EXPECT_THROW(parse_size("1248"), UsageError);
  EXPECT_THROW(parse_size("1248x"), UsageError);
  EXPECT_THROW(parse_size("x384"), UsageError);
  EXPECT_EQ(parse_size("1248x384"), (Size{1248, 384}));
}

TEST_F(SynthesizeFolder, AFullFolderIsKeptAndAnUnwritablePlaceNamed) {
  write_text_file(folder_ / "mine.txt", "keep");
  EXPECT_THAT([&] { synthesize(folder_, small()); },
              Throws<Error>(Property(&Error::what, HasSubstr("not empty"))));
  EXPECT_EQ(read_text_file(folder_ / "mine.txt"), "keep");
  EXPECT_THAT([&] { synthesize("/proc/street", small()); },
              Throws<Error>(Property(&Error::what, HasSubstr("/proc/street: cannot be written"))));
}

TEST_F(SynthesizeFolder, CtrlCLeavesNothingBehind) {
  const std::string out = (folder_ / "out").string();
  const test::ProgramResult result =
      test::run_shell("timeout -s INT 1 " + test::tessera_binary().string() + " synth " + out +
                      " --sequences 500 --frames 500");
  EXPECT_NE(result.exit_code, 0);
  EXPECT_THAT(result.err, HasSubstr("tessera: "));
  EXPECT_TRUE(fs::is_empty(folder_));
}

}  // namespace
}  // namespace tessera::synth
