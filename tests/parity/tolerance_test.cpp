#include "tolerance.h"

#include <gtest/gtest.h>

namespace tessera::parity {
namespace {

Case make_case(const char* data, const char* manifest = "{}") {
  return {"family", "case", "", Json::parse(data),
          std::make_shared<const Json>(Json::parse(manifest))};
}

TEST(ParityTolerance, PatternsMatchWithStars) {
  EXPECT_TRUE(matches("grad*", "grad_norm/x"));
  EXPECT_TRUE(matches("*.fcn_out", "f0.fcn_out"));
  EXPECT_TRUE(matches("result/*/panoptic", "result/0/panoptic"));
  EXPECT_FALSE(matches("loss", "loss2"));
}

TEST(ParityTolerance, TheCaseNamesItsTensors) {
  const Case c = make_case(R"({"tolerance": {"loss": 2e-4, "grad.*": null, "grad.a": 0.5}})");
  EXPECT_DOUBLE_EQ(tolerance_of(c, "loss", false).max_relative, 2e-4);
  EXPECT_TRUE(tolerance_of(c, "grad.b", false).informational);
  EXPECT_DOUBLE_EQ(tolerance_of(c, "grad.a", false).max_relative, 0.5);
  EXPECT_DOUBLE_EQ(tolerance_of(c, "other", false).max_relative, 1e-4);
}

TEST(ParityTolerance, OneKeyMayListSeveralPatterns) {
  const Case c = make_case(
      R"({"tolerance": {"a.*, b": 1e-2, "grad_norm./step_norm. of neck.*": 0.05},
          "compare": {"*.fcn_out, *.pan_out": "at most 0.1 % of pixels"}})");
  EXPECT_DOUBLE_EQ(tolerance_of(c, "b", false).max_relative, 1e-2);
  EXPECT_DOUBLE_EQ(tolerance_of(c, "step_norm.neck.conv", false).max_relative, 0.05);
  EXPECT_DOUBLE_EQ(tolerance_of(c, "f1.pan_out", true).differing_fraction, 1e-3);
}

TEST(ParityTolerance, TextsAreRead) {
  const Case c = make_case(
      R"({"tolerance_pred": "at most 0.5 % of the pixels may differ",
          "tolerance_f64": "every f64.<name> within 1e-6 relative for step0, 1e-4 for step1 and step2"})",
      R"j({"default_tolerance": "max|a-b| <= 3e-4 * max|b| for floats (gradnorm.* and grad_*: 1e-3)"})j");
  EXPECT_DOUBLE_EQ(tolerance_of(c, "pred", true).differing_fraction, 0.005);
  EXPECT_DOUBLE_EQ(tolerance_of(c, "f64.step0.loss", false).max_relative, 1e-6);
  EXPECT_DOUBLE_EQ(tolerance_of(c, "f64.step2.loss", false).max_relative, 1e-4);
  EXPECT_DOUBLE_EQ(tolerance_of(c, "f64.grad.conv.weight", false).max_relative, 1e-6);
  EXPECT_DOUBLE_EQ(tolerance_of(c, "grad_x", false).max_relative, 1e-3);
  EXPECT_DOUBLE_EQ(tolerance_of(c, "map", false).max_relative, 3e-4);
  EXPECT_EQ(tolerance_of(c, "labels", true).max_relative, 0);
}

TEST(ParityTolerance, ProseSpeaksOfTheTensorsItNames) {
  const Case maps = make_case(
      R"({"tolerance": "float maps 2e-4 relative; fg and label_map may differ in up to 0.3 % of pixels"})");
  EXPECT_DOUBLE_EQ(tolerance_of(maps, "fg", true).differing_fraction, 0.003);
  EXPECT_DOUBLE_EQ(tolerance_of(maps, "embeddings0", false).max_relative, 2e-4);
  EXPECT_EQ(tolerance_of(maps, "embeddings0", false).differing_fraction, 0);
  EXPECT_EQ(tolerance_of(maps, "track_ids", true).differing_fraction, 0);
  const Case grey = make_case(
      R"({"tolerance": "images within 1 grey level, segmaps exact up to 0.2 % of pixels"})");
  EXPECT_DOUBLE_EQ(tolerance_of(grey, "add0.image", true).max_absolute, 1);
  EXPECT_DOUBLE_EQ(tolerance_of(grey, "add0.segmap", true).differing_fraction, 0.002);
}

TEST(ParityTolerance, TablesAreFoundByRelatedNames) {
  const Json table =
      Json::parse(R"({"fcn_out": [1], "prob": [2], "train/stageS/x": [3], "*/img": [4]})");
  EXPECT_EQ((*find_entry(table, "f0.fcn_out"))[0], 1);
  EXPECT_EQ((*find_entry(table, "prob/1"))[0], 2);
  EXPECT_EQ((*find_entry(table, "train/stage2/x"))[0], 3);
  EXPECT_EQ((*find_entry(table, "panoptic/0/img"))[0], 4);
  EXPECT_EQ(find_entry(table, "none"), nullptr);
}

}  // namespace
}  // namespace tessera::parity
