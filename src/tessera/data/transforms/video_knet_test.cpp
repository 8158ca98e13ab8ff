#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "tessera/core/json.h"
#include "tessera/data/open_dataset.h"
#include "tessera/data/transforms/pipeline.h"
#include "test_support.h"

/// The training pipeline of Video K-Net on KITTI-STEP against the official code's, draws replayed.
namespace tessera {
namespace {

class VideoKNetCrops : public ::testing::Test {
 protected:
  VideoKNetCrops() {
    for (const ClassInfo& info : dataset_->classes()) things_.push_back(info.is_thing);
  }

  /// A frame by its sequence and its place therein.
  Frame load(const std::vector<double>& place) {
    for (std::size_t i = 0; i < dataset_->size(); ++i) {
      const SampleKey& key = dataset_->frames()[i].key;
      if (std::stoi(key.sequence) == place[0] && key.frame == place[1])
        return to_frame(dataset_->load(i), things_, Crowds::kObjects);
    }
    throw std::runtime_error("no such frame");
  }

  /// Resizes, flips and crops as the case drew it.
  Clip transformed(const JsonValue& golden) {
    const std::vector<double> scale = golden.numbers("scale");
    const std::vector<double> offsets = golden.numbers("crop_offsets");
    Clip clip = {load(golden.numbers("key")), load(golden.numbers("ref"))};
    for (Frame& frame : clip) {
      resize_frame(frame, rescaled_size(frame.image.size(),
                                        {static_cast<int>(scale[1]), static_cast<int>(scale[0])}));
      if (golden.flag("flip")) flip_frame(frame);
      std::size_t drawn = 0;
      crop_frame(frame, choose_crop(frame.image.size(), {36, 20}, [&](std::int64_t) {
                   return static_cast<std::int64_t>(offsets[drawn++]);
                 }));
    }
    return clip;
  }

  std::unique_ptr<Dataset> dataset_ =
      open_dataset({.format = DatasetFormat::kKittiStep,
                    .root = test::golden_dir() / "video_knet/mini_kitti_step",
                    .split = "train"});
  std::vector<bool> things_;
};

std::vector<double> tracks(const Frame& frame) {
  std::vector<double> ids;
  for (const FrameObject& object : frame.objects)
    ids.push_back(static_cast<double>(object.track_id));
  return ids;
}

std::int64_t area(const Frame& frame, const FrameObject& object) {
  return std::ranges::count(frame.ids.values(), object.id);
}

void expect_key_objects(const Frame& frame, const JsonValue& golden) {
  const auto boxes = golden.at("key_boxes").as_list("key_boxes");
  const auto areas = golden.numbers("key_mask_areas");
  ASSERT_EQ(frame.objects.size(), boxes.size());
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    const Corners& box = frame.objects[i].box;
    EXPECT_EQ((std::vector<double>{box.x1, box.y1, box.x2, box.y2}), boxes[i].as_numbers("box"));
    EXPECT_EQ(area(frame, frame.objects[i]), areas[i]);
  }
}

TEST_F(VideoKNetCrops, KeepTheObjectsBoxesAndPairsThatTheOfficialCodeKeeps) {
  JsonParser parser;
  const auto cases =
      parser.parse(read_text_file(test::golden_dir() / "video_knet/kitti_crop_cases.json"))
          .at("cases")
          .as_list("cases");
  ASSERT_EQ(cases.size(), 60u);
  int accepted = 0;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    SCOPED_TRACE(i);
    Clip clip = transformed(cases[i]);
    const bool official = cases[i].flag("accepted");
    EXPECT_EQ(apply_step(RequireTracks{}, clip, Random(0)), official);
    if (!official) continue;
    ++accepted;
    EXPECT_EQ(tracks(clip[0]), cases[i].numbers("key_ids"));
    EXPECT_EQ(tracks(clip[1]), cases[i].numbers("ref_ids"));
    expect_key_objects(clip[0], cases[i]);
  }
  EXPECT_EQ(accepted, 43);
}

}  // namespace
}  // namespace tessera
