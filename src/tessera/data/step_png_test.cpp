#include "tessera/data/step_png.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "tessera/core/error.h"
#include "tessera/image/image_io.h"

namespace tessera {
namespace {

const std::vector<ClassInfo> kClasses = {
    {0, "road", false}, {11, "person", true}, {13, "car", true}};

/// A row of objects of alternating classes with the given tracks, a pixel each.
PanopticMap row_of(const std::vector<std::int64_t>& tracks) {
  PanopticMap map = {IdMap({static_cast<int>(tracks.size()), 1}, 1), {}};
  for (std::uint32_t i = 0; i < tracks.size(); ++i) {
    map.ids.values()[i] = i + 1;
    Segment segment{.id = i + 1, .category = 1 + static_cast<int>(i % 2)};
    segment.track_id = tracks[i];
    map.segments.push_back(segment);
  }
  return map;
}

Image picture_of(const PanopticMap& map) {
  return step_picture(step_maps(map, dataset_numbers(kClasses), kStepVoid), "0001/000007");
}

TEST(StepPng, HoldsMoreTracksThanAByteDoes) {
  // 20005 people and 5 cars used to be one.
  const auto path = std::filesystem::path(testing::TempDir()) / "many_tracks.png";
  write_png(path, picture_of(row_of({255, 256, 20005, 5, 65535, 65535})), 1);
  const PanopticMap read = read_step_png(path, kClasses);
  ASSERT_EQ(read.segments.size(), 6U);
  std::set<std::int64_t> identities;
  for (const Segment& segment : read.segments) identities.insert(segment.track_id);
  EXPECT_EQ(identities.size(), 6U);
  EXPECT_TRUE(identities.contains(step_track_id(11, 20005)));
  EXPECT_TRUE(identities.contains(130005));  // the official one
  for (const std::int64_t number : {5, 9999, 10000, 65535})
    EXPECT_EQ(step_track_number(step_track_id(13, number)), number);
}

TEST(StepPng, RefusesATrackThatDoesNotFit) {
  try {
    picture_of(row_of({65536}));
    FAIL() << "no error";
  } catch (const Error& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("0001/000007"), std::string::npos) << text;
    EXPECT_NE(text.find("65536"), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace tessera
