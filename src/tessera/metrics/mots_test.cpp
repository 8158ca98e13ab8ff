#include "tessera/metrics/mots.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "test_support.h"

namespace tessera {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

/// Columns [from, to) of a 10x2 picture.
Rle columns(std::uint32_t from, std::uint32_t to) {
  return rle_from_counts({2 * from, 2 * (to - from), 2 * (10 - to)}, {10, 2});
}

TEST(Mots, APerfectTrackScoresOneAndASwitchCosts) {
  const std::vector<MotsObject> object = {{1, columns(0, 4)}};
  const MotsFrame right = compare_frame(object, {{7, columns(0, 4)}}, {});
  const MotsFrame switched = compare_frame(object, {{8, columns(0, 4)}}, {});
  const MotsScores perfect = score_tracks({right, right});
  EXPECT_EQ(perfect.clear.tp, 2);
  EXPECT_EQ(perfect.clear.id_switches, 0);
  EXPECT_EQ(perfect.identity.tp, 2);
  EXPECT_EQ(perfect.hota.ass_a[0], 1.0);
  const MotsScores one_switch = score_tracks({right, switched});
  EXPECT_EQ(one_switch.clear.id_switches, 1);
  EXPECT_EQ(one_switch.identity.tp, 1);
  EXPECT_EQ(one_switch.hota.ass_a[0], 0.5);
}

TEST(Mots, DetectionsMostlyInTheIgnoredRegionAreDropped) {
  const MotsFrame frame =
      compare_frame({}, {{1, columns(0, 4)}, {2, columns(6, 8)}}, columns(1, 6));
  EXPECT_THAT(frame.detections, ::testing::ElementsAre(2));
}

class MotsFiles : public test::TemporaryFolder {
 protected:
  MotsFiles() {
    make_directories(folder_ / "gt" / "label_02");
    make_directories(folder_ / "pred");
    write_text_file(folder_ / "gt" / "evaluate_mots.seqmap.val", "0002 empty 000000 000001\n");
    write_text_file(folder_ / "gt" / "label_02" / "0002.txt", line(0, 1001, 1, columns(0, 4)));
    predict(line(0, 5, 1, columns(0, 4)));
    options_.gt = folder_ / "gt";
    options_.pred = folder_ / "pred";
    options_.variant = "kitti-mots";
  }
  static std::string line(int frame, int id, int category, const Rle& mask) {
    return fmt::format("{} {} {} 2 10 {}\n", frame, id, category, rle_to_string(mask));
  }
  void predict(const std::string& text) { write_text_file(folder_ / "pred" / "0002.txt", text); }
  void expect_error(const std::string& message) {
    EXPECT_THAT([&] { find_metric("mots").evaluate(options_); },
                ThrowsMessage<Error>(HasSubstr(message)));
  }
  EvalOptions options_;
};

TEST_F(MotsFiles, AGoodFileIsPerfect) {
  const auto json = find_metric("mots").evaluate(options_).metric->report().json;
  EXPECT_EQ(json["COMBINED_SEQ"]["car"]["summary"]["sMOTSA"].get<double>(), 1.0);
}

TEST_F(MotsFiles, BadLinesAreNamed) {
  predict("0 5 1 2\n");
  expect_error("0002.txt:1: expected 'frame id class height width mask'");
  predict("\n0 x 1 2 10 abc\n");
  expect_error("0002.txt:2: the id is 'x'");
  predict(line(2, 5, 1, columns(0, 4)));
  expect_error("frame 2 is outside the sequence, which has 2 frames from 0");
  predict(line(0, 5, 3, columns(0, 4)));
  expect_error("class 3 is unknown");
  predict(line(0, 5, 1, columns(0, 4)) + line(0, 5, 2, columns(5, 6)));
  expect_error("0002.txt:2: id 5 stands twice in frame 0");
  predict(line(0, 5, 1, columns(0, 4)) + line(0, 6, 1, columns(3, 6)));
  expect_error("the mask of id 6 overlaps another one in frame 0");
  predict("0 5 1 2 10 4\n");
  expect_error("run-length mask covers 4 pixels");
  predict("0 5 1 2 9 " + rle_to_string(rle_from_counts({0, 18}, {9, 2})) + "\n");
  expect_error("0002.txt, frame 0: run-length masks of different sizes");
}

TEST_F(MotsFiles, MissingFilesAreNamed) {
  std::filesystem::remove(folder_ / "pred" / "0002.txt");
  expect_error("1 of 1 prediction files are missing: 0002.txt");
  std::filesystem::remove(folder_ / "gt" / "evaluate_mots.seqmap.val");
  expect_error("evaluate_mots.seqmap.val: no such file");
}

TEST_F(MotsFiles, EmptyAndBrokenListsAreNamed) {
  write_text_file(folder_ / "gt" / "evaluate_mots.seqmap.val", "");
  expect_error("the list of sequences is empty");
  write_text_file(folder_ / "gt" / "evaluate_mots.seqmap.val", "0002 1\n");
  expect_error("expected 'sequence empty first last'");
}

}  // namespace
}  // namespace tessera
