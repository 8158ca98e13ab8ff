#include "tessera/metrics/track_recorder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tessera {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(TrackRecorder, AssociationIsStqsOfTheTube) {
  TrackRecorder recorder;
  // Track 7 has 10 pixels a frame, found as 1 and then as 2; 2 has 5 pixels elsewhere.
  recorder.add(0, {{7, 1, 10}});
  recorder.add(1, {{0, 2, 5}, {7, 0, 2}, {7, 2, 8}});
  const std::vector<TrackSummary> tracks = recorder.tracks();
  ASSERT_EQ(tracks.size(), 1u);
  EXPECT_EQ(tracks[0].id, 7u);
  EXPECT_EQ(tracks[0].pixels, 20);
  EXPECT_DOUBLE_EQ(tracks[0].association, (10.0 * 10 / 20 + 8.0 * 8 / 25) / 20);
  EXPECT_THAT(tracks[0].frames, ElementsAre(0u, 1u));
  EXPECT_THAT(tracks[0].switches, ElementsAre(1u));
}

TEST(TrackRecorder, SliversAndGapsAreNoSwitches) {
  TrackRecorder recorder;
  recorder.add(0, {{7, 1, 10}});
  recorder.add(1, {{7, 0, 8}, {7, 2, 2}});  // lost; 2 is a neighbour's border
  recorder.add(2, {{0, 1, 3}});             // hidden
  recorder.add(3, {{7, 1, 10}});
  ASSERT_EQ(recorder.tracks().size(), 1u);
  EXPECT_THAT(recorder.tracks()[0].switches, IsEmpty());
  EXPECT_THAT(recorder.tracks()[0].frames, ElementsAre(0u, 1u, 3u));
}

TEST(TrackRecorder, ATrackThatIsNeverFoundHasNoAssociation) {
  TrackRecorder recorder;
  recorder.add(0, {{7, 0, 4}});
  ASSERT_EQ(recorder.tracks().size(), 1u);
  EXPECT_EQ(recorder.tracks()[0].association, 0);
}

}  // namespace
}  // namespace tessera
