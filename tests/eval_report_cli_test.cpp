#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tessera/core/file.h"
#include "test_support.h"

namespace tessera::test {
namespace {

using ::testing::HasSubstr;

struct Case {
  const char *name, *arguments;
  bool tracks;  ///< whether the metric knows identities
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t n = 0;
  for (std::size_t at = text.find(what); at != text.npos; at = text.find(what, at + 1)) ++n;
  return n;
}

class EvalReportCli : public TemporaryFolder, public ::testing::WithParamInterface<Case> {
 protected:
  /// Paths in `arguments` are of the goldens.
  ProgramResult run(const std::string& arguments) {
    return run_shell("cd " + (golden_dir() / "eval").string() + " && " + tessera_binary().string() +
                     " eval " + arguments + " --report " + (folder_ / "r").string());
  }
};

TEST_P(EvalReportCli, ThePageShowsFramesAndTracksWithErrors) {
  const ProgramResult result = run(GetParam().arguments);
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const std::string html = read_text_file(folder_ / "r" / "index.html");
  EXPECT_THAT(html, HasSubstr("<div class=\"tile\">"));
  EXPECT_THAT(html, HasSubstr("Worst frames"));
  EXPECT_GE(count(html, "data:image/png"), 3u);
  EXPECT_EQ(count(html, "lowest association") + count(html, "most switches") > 0,
            GetParam().tracks);
  EXPECT_EQ(count(html, "http"), 0u) << "the page fetches something";
}

INSTANTIATE_TEST_SUITE_P(
    AllMetrics, EvalReportCli,
    ::testing::Values(
        Case{"pq", "pq --gt pq/coco_synthetic/gt.json --pred pq/coco_synthetic/pred.json", false},
        Case{"vpq_step", "vpq --gt vpq/kitti_step/gt --pred vpq/kitti_step/pred", true},
        Case{"vpq_vpsnet",
             "vpq --variant vpsnet --gt vpq/cityscapes_vps/gt/panoptic_gt_val_city_vps.json "
             "--pred vpq/cityscapes_vps/pred",
             true},
        Case{"stq", "stq --gt stq/kitti_step_videoknet/gt --pred stq/kitti_step_videoknet/pred",
             true},
        Case{"stq_vipseg", "stq --variant vipseg --gt stq/vipseg/gt --pred stq/vipseg/pred", true},
        Case{"miou", "miou --gt miou/videoknet/gt --pred miou/videoknet/pred", false},
        Case{"coco", "coco --gt coco/synthetic/gt.json --pred coco/synthetic/pred_both.json",
             false},
        Case{"ytvis", "ytvis --gt ytvis/synthetic/gt.json --pred ytvis/synthetic/results.json",
             true},
        Case{"davis", "davis --gt davis/synthetic/gt --pred davis/synthetic/pred_unsupervised",
             true},
        Case{"mots", "mots --gt mots/kitti_mots/gt --pred mots/kitti_mots/pred/ours/data", true}),
    [](const auto& info) { return info.param.name; });

TEST_F(EvalReportCli, AShardHasNoReport) {
  const ProgramResult result =
      run("stq --gt stq/kitti_step_videoknet/gt --pred stq/kitti_step_videoknet/pred --shard 1/2 "
          "--partial " +
          (folder_ / "part").string());
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("--report needs the whole data set"));
}

TEST_F(EvalReportCli, AFolderOfSomebodyElseIsLeftAloneBeforeAnythingIsComputed) {
  make_directories(folder_ / "r");
  write_text_file(folder_ / "r" / "thesis.tex", "");
  const ProgramResult result =
      run("stq --gt stq/kitti_step_videoknet/gt --pred stq/kitti_step_videoknet/pred");
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err, HasSubstr("the folder holds something else than a report"));
}

}  // namespace
}  // namespace tessera::test
