#include "tessera/report/eval_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "test_support.h"

namespace tessera {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
using EvalReport = test::TemporaryFolder;

FrameView view() {
  const auto object = [](std::uint32_t id) {
    Segment segment;
    segment.track_id = static_cast<std::int64_t>(id);
    return segment;
  };
  return {"000001", describe_ids(IdMap({4, 4}, 1, 7u), object),
          describe_ids(IdMap({4, 4}, 1, 8u), object), false};
}

FrameQuality frame_of(double quality, const std::string& name = "") {
  return {"", name, quality, view};
}

TrackQuality track_of(const std::string& name, double association, std::int64_t pixels,
                      std::vector<std::size_t> switches) {
  return {"0002", name, {7, pixels, association, {0, 1}, std::move(switches)}, [](std::size_t) {
            return view();
          }};
}

TEST(WorstJudged, FramesOfTheLowestQualityWithoutTheUnjudged) {
  WorstJudged worst;
  for (const double quality : {0.9, 0.2, std::nan(""), 0.5, 0.2, 0.8, 0.7, 0.6, 0.3, 1.0})
    worst.add(frame_of(quality));
  ASSERT_EQ(worst.frames().size(), 6u);
  EXPECT_EQ(worst.frames()[0].quality, 0.2);
  EXPECT_EQ(worst.frames()[1].quality, 0.2);
  EXPECT_EQ(worst.frames()[5].quality, 0.7);
}

TEST(WorstJudged, TracksByAssociationAndBySwitches) {
  WorstJudged worst;
  worst.add(track_of("small", 0, 10, {}));
  worst.add(track_of("large", 0, 500, {}));
  worst.add(track_of("switched", 0.4, 100, {1}));
  worst.add(track_of("whole", 1, 100, {}));
  ASSERT_EQ(worst.lost_tracks().size(), 3u);
  EXPECT_EQ(worst.lost_tracks()[0].track, "large");
  EXPECT_EQ(worst.lost_tracks()[1].track, "small");
  ASSERT_EQ(worst.switched_tracks().size(), 1u);
  EXPECT_EQ(worst.switched_tracks()[0].track, "switched");
}

TEST_F(EvalReport, ThePageHoldsEverything) {
  Report report;
  report.tables = {{"mIoU", {"class", "IoU"}, {{"road", "81.25"}, {"all", "64.50"}}}};
  report.headline = {{"mIoU", "64.50"}};
  report.confusion = {{"road", "car"}, {"road", "car"}, {{9, 1}, {0, 10}}};
  WorstJudged worst;
  worst.add(frame_of(0.5, "a<b"));
  worst.add(track_of("car 12", 0.25, 9, {1}));
  worst.add(track_of("car 13", 0.5, 9, {}));
  write_eval_report(folder_ / "r", {"miou", "videoknet", "gt", "pred"}, report, worst);
  const std::string html = read_text_file(folder_ / "r" / "index.html");
  EXPECT_THAT(html, HasSubstr("<div class=\"tile\">mIoU<b>64.50</b></div>"));
  EXPECT_THAT(html, HasSubstr("81.25"));
  EXPECT_THAT(html, HasSubstr("Confusion"));
  EXPECT_THAT(html, HasSubstr("a&lt;b"));
  EXPECT_THAT(html, HasSubstr("association 25.0, 1 switch in 2 frames"));
  std::size_t pictures = 0;
  for (std::size_t at = html.find("data:image/png"); at != std::string::npos;
       at = html.find("data:image/png", at + 1))
    ++pictures;
  // Three of the frame; two sides of two frames of each track.
  EXPECT_EQ(pictures, 3u + 2 * 4);
  EXPECT_EQ(html.find("http"), std::string::npos) << "the page fetches something";
}

TEST_F(EvalReport, OnlyReportsAreReplaced) {
  make_directories(folder_ / "mine");
  write_text_file(folder_ / "mine" / "index.html", "my homepage");
  EXPECT_THAT([&] { check_report_folder(folder_ / "mine"); },
              ThrowsMessage<Error>(HasSubstr("holds something else than a report")));
  write_text_file(folder_ / "file", "");
  EXPECT_THAT([&] { check_report_folder(folder_ / "file"); },
              ThrowsMessage<Error>(HasSubstr("a folder was expected")));
  write_eval_report(folder_ / "r", {}, {}, {});
  check_report_folder(folder_ / "r");
}

}  // namespace
}  // namespace tessera
