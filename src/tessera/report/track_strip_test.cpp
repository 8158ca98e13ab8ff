#include "tessera/report/track_strip.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tessera {
namespace {

using ::testing::ElementsAre;

TEST(ChooseFrames, SwitchesComeFirstAndTheRestIsSpread) {
  TrackSummary track;
  for (std::size_t frame = 0; frame < 100; ++frame) track.frames.push_back(frame);
  EXPECT_THAT(choose_frames(track, 3), ElementsAre(0u, 49u, 99u));
  track.switches = {70};
  EXPECT_THAT(choose_frames(track, 4), ElementsAre(0u, 69u, 70u, 99u));
  track.frames = {4, 9};
  track.switches = {9};
  EXPECT_THAT(choose_frames(track, 8), ElementsAre(4u, 9u));
}

/// A square of 10 pixels that moves right by 20 a frame in a picture of 200x80.
FrameView moving_square(std::size_t frame) {
  FrameView view;
  view.name = std::to_string(frame);
  for (PanopticMap* side : {&view.truth, &view.prediction}) {
    IdMap ids({200, 80}, 1, 1u);
    const int left = 20 * static_cast<int>(frame);
    for (int y = 30; y < 40; ++y)
      for (int x = left; x < left + 10; ++x) ids.at(x, y) = side == &view.truth ? 7 : 8;
    *side = describe_ids(std::move(ids), [](std::uint32_t id) {
      Segment segment;
      segment.category = id == 1 ? 0 : 1;
      segment.track_id = id == 1 ? -1 : static_cast<std::int64_t>(id);
      return segment;
    });
  }
  return view;
}

TEST(TrackStrip, CutsFollowTheTrackAndStayInThePicture) {
  TrackQuality track;
  track.summary.id = 7;
  track.summary.frames = {0, 3};
  track.summary.switches = {3};
  track.view = moving_square;
  const TrackStrip strip = draw_track(track, 8);
  ASSERT_EQ(strip.frames.size(), 2u);
  EXPECT_EQ(strip.frames[0].name, "0");
  EXPECT_FALSE(strip.frames[0].switched);
  EXPECT_TRUE(strip.frames[1].switched);
  EXPECT_EQ(strip.frames[0].truth.size(), (Size{48, 48}));
  // The first cut begins at the picture's border, where the square is.
  EXPECT_EQ(strip.frames[0].truth.at(0, 20), strip.frames[0].prediction.at(0, 20));
  // The outline is white, beside the square.
  EXPECT_EQ(strip.frames[0].truth.at(10, 20), 255);
  EXPECT_EQ(strip.frames[0].prediction.at(10, 20), 255);
  EXPECT_NE(strip.frames[0].truth.at(9, 20), 255);
}

}  // namespace
}  // namespace tessera
