#include "tessera/report/track_timeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tessera {
namespace {

constexpr std::uint32_t kCar = 1 << 16;

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST(TrackTimeline, ShowsWhoCoversEachTrackInEachFrame) {
  TrackTimeline timeline;
  timeline.add_frame({{kCar | 1, kCar | 5, 60}, {kCar | 1, 0, 40}});  // covered by 5
  timeline.add_frame({{kCar | 1, kCar | 5, 40}, {kCar | 1, 0, 60}});  // by nobody
  timeline.add_frame({{kCar | 1, kCar | 6, 90}, {0, 0, 500}});        // by 6
  const std::string svg = timeline.draw("0001", {"road", "car"});
  EXPECT_EQ(timeline.frames(), 3U);
  EXPECT_EQ(count(svg, "<rect"), 3U);
  EXPECT_EQ(count(svg, "#9aa0a6"), 1U);
  EXPECT_THAT(svg, testing::HasSubstr("car 1"));
}

TEST(TrackTimeline, KeepsTheLargestTracks) {
  TrackTimeline timeline;
  timeline.add_frame({{kCar | 1, 0, 10}, {kCar | 2, 0, 500}});
  const std::string svg = timeline.draw("", {"road", "car"}, 1);
  EXPECT_THAT(svg, testing::HasSubstr("car 2"));
  EXPECT_EQ(count(svg, "<rect"), 1U);
}

}  // namespace
}  // namespace tessera
