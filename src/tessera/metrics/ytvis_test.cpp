#include "tessera/metrics/ytvis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "test_support.h"

namespace tessera {
namespace {

using ::testing::HasSubstr;

/// A mask of the first `pixels` pixels of a 4x3 frame.
std::optional<Rle> first_pixels(std::uint32_t pixels) {
  return rle_from_counts({0, pixels, 12 - pixels}, {4, 3});
}

TEST(Ytvis, IouSumsOverFramesAndCountsAbsentOnesInTheUnion) {
  const Track a{1, {first_pixels(4), first_pixels(6), std::nullopt}};
  const Track b{1, {first_pixels(2), std::nullopt, first_pixels(5)}};
  EXPECT_DOUBLE_EQ(track_iou(a, b), 2.0 / (4 + 6 + 5));
  EXPECT_EQ(track_iou(Track{1, {std::nullopt}}, Track{1, {std::nullopt}}), 0.0);
}

TEST(Ytvis, FramesBeyondTheShorterTrackDoNotCount) {
  const Track a{1, {first_pixels(4), first_pixels(6)}};
  const Track b{1, {first_pixels(4)}};
  EXPECT_DOUBLE_EQ(track_iou(a, b), 1.0);
}

TEST(Ytvis, AreaIsTheMeanOverFramesThatShowIt) {
  EXPECT_DOUBLE_EQ(mean_visible_area(std::vector<double>{0, 4, 8}), 6.0);
  EXPECT_DOUBLE_EQ(mean_visible_area({}), 0.0);
}

TEST(Ytvis, APerfectTrackAndAFalseOne) {
  YtvisAp metric({{1, "thing"}});
  const Track object{1, {first_pixels(4)}, 4};
  Track right = object, wrong{1, {first_pixels(0)}, 0};
  right.score = 0.5;
  wrong.score = 0.9;
  metric.add(3, std::vector{object}, std::vector{right, wrong});
  const auto stats = metric.report().json["segm"]["stats"];
  EXPECT_NEAR(stats["AP"].get<double>(), 0.5, 1e-12);
  EXPECT_EQ(stats["AR100"].get<double>(), 1.0);
}

/// Bad files: each gives one line that names the file and the entry.
class YtvisFiles : public test::TemporaryFolder {
 protected:
  static constexpr const char* kGt =
      R"({"videos": [{"id": 7, "width": 4, "height": 3, "file_names": ["a", "b"]}],
          "categories": [{"id": 1, "name": "a"}],
          "annotations": [{"id": 1, "video_id": 7, "category_id": 1, "areas": [4, null], "iscrowd": 0,
          "segmentations": [{"size": [3, 4], "counts": [0, 4, 8]}, null]}]})";

  std::string message(const std::string& results, const std::string& gt = kGt) {
    EvalOptions options;
    options.gt = folder_ / "gt.json";
    options.pred = folder_ / "results.json";
    write_text_file(options.gt, gt);
    write_text_file(options.pred, results);
    try {
      find_metric("ytvis").evaluate(options);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }
  std::string result(const std::string& members) {
    return "[{\"category_id\": 1, \"score\": 0.5, " + members + "}]";
  }
};

TEST_F(YtvisFiles, AGoodFileIsRead) {
  EXPECT_EQ(message(result(R"("video_id": 7, "segmentations": [null, null])")), "");
}

TEST_F(YtvisFiles, BadResultsAreNamed) {
  EXPECT_THAT(message("[]"), HasSubstr("results.json: the list of results is empty"));
  EXPECT_THAT(message("[{"), HasSubstr("results.json: broken JSON at line 1, column 3"));
  EXPECT_THAT(message(result(R"("video_id": 8, "segmentations": [])")),
              HasSubstr("entry 1: video_id 8 is not in the ground truth's videos"));
  EXPECT_THAT(message(R"([{"video_id": 7, "category_id": 9, "score": 1, "segmentations": []}])"),
              HasSubstr("category_id 9 is not in the ground truth's categories"));
  EXPECT_THAT(message(result(R"("video_id": 7, "segmentations": [null, null, null])")),
              HasSubstr("3 segmentations for video 7 of 2 frames"));
  EXPECT_THAT(
      message(result(R"("video_id": 7, "segmentations": [{"size": [3, 4], "counts": [5]}])")),
      HasSubstr("entry 1: video 7, frame 0: run-length mask covers 5 pixels"));
  EXPECT_THAT(message(result(
                  R"("video_id": 7, "segmentations": [null, {"size": [4, 4], "counts": [16]}])")),
              HasSubstr("frame 1: a mask of 4x4 in a picture of 4x3"));
}

TEST_F(YtvisFiles, BadGroundTruthIsNamed) {
  const std::string good = result(R"("video_id": 7, "segmentations": [])");
  EXPECT_THAT(message(good, R"({"videos": [], "categories": [], "annotations": []})"),
              HasSubstr("there are no videos"));
  std::string gt = kGt;
  gt.replace(gt.find("[0, 4, 8]"), 9, "[0, 4, 9]");
  EXPECT_THAT(message(good, gt), HasSubstr("annotation 1: video 7, frame 0: run-length mask"));
}

}  // namespace
}  // namespace tessera
