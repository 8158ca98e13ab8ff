#include "tessera/data/loader/clip_source.h"

#include <gtest/gtest.h>

#include <set>

namespace tessera {
namespace {

/// A video of ten frames. All but frames 3 to 5 show a car; those show a group of them and a road.
class VideoWithAGap : public Dataset {
 public:
  VideoWithAGap() {
    classes_ = {{1, "car", true}, {2, "road", false}};
    for (int frame = 0; frame < 10; ++frame)
      frames_.push_back({.key = {"video", frame, std::to_string(frame)}, .image_path = {}});
    sequences_ = {{"video", 0, 10}};
  }
  Sample load(std::size_t index) const override {
    Sample sample = load_labels(index);
    sample.image = Image({2, 1}, 3);
    return sample;
  }
  Sample load_labels(std::size_t index) const override {
    const bool is_group = index >= 3 && index <= 5;
    Sample sample;
    sample.key = frames_[index].key;
    sample.panoptic = PanopticMap{IdMap({2, 1}, 1, 1), {}};
    sample.panoptic->ids.at(1, 0) = 2;
    sample.panoptic->segments = {{.id = 1, .category = 0, .crowd = is_group, .area = 1},
                                 {.id = 2, .category = 1, .area = 1}};
    return sample;
  }
};

/// The names of the frames of all clips.
std::set<std::string> clips(const ClipWindow& window) {
  const VideoWithAGap dataset;
  const DatasetClips source(dataset, {}, std::nullopt, window);
  std::set<std::string> found;
  StageTimes times;
  for (std::size_t i = 0; i < source.size(); ++i)
    if (const auto clip = source.load(i, Random(i), times)) {
      std::string names;
      for (const Frame& frame : *clip) names += frame.key.name;
      EXPECT_EQ(names.substr(0, 1), source.name(i));
      found.insert(names);
    }
  return found;
}

TEST(DatasetClips, TakeFramesWithoutObjectsUnlessTheyAreLeftOut) {
  using Clips = std::set<std::string>;
  EXPECT_EQ(clips({.first = 0, .last = 2}),
            (Clips{"012", "123", "234", "345", "456", "567", "678", "789"}));
  EXPECT_EQ(clips({.first = 0, .last = 2, .leave_out_empty = true}),
            (Clips{"012", "126", "267", "678", "789"}));
  EXPECT_EQ(clips({.first = 0, .last = 2, .leave_out_empty = true, .cut_at_empty = 4}),
            (Clips{"012", "126", "267", "678", "789"}));
  EXPECT_EQ(clips({.first = 0, .last = 2, .leave_out_empty = true, .cut_at_empty = 3}),
            (Clips{"012", "678", "789"}));
}

}  // namespace
}  // namespace tessera
