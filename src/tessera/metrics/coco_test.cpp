#include "tessera/metrics/coco.h"

#include <gtest/gtest.h>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "test_support.h"

namespace tessera {
namespace {

CocoInstance object(Box box, bool crowd = false) {
  return {1, box.width * box.height, box, {}, crowd, 0};
}

CocoInstance detection(Box box, double score) {
  return {1, box.width * box.height, box, {}, false, score};
}

TEST(CocoAp, OneHitOneMissOneFalse) {
  CocoAp metric({{1, "thing"}}, {"bbox"});
  const std::vector<CocoInstance> objects = {object({0, 0, 10, 10}), object({50, 0, 10, 10})};
  const std::vector<CocoInstance> detections = {detection({0, 0, 10, 10}, 0.9),
                                                detection({20, 20, 10, 10}, 0.8)};
  metric.add(1, objects, detections);
  const auto stats = metric.report().json["bbox"]["stats"];
  // Precision 1 at the 51 recall points up to one half.
  EXPECT_NEAR(stats["AP"].get<double>(), 51.0 / 101, 1e-12);
  EXPECT_EQ(stats["AR100"].get<double>(), 0.5);
  EXPECT_EQ(stats["APl"].get<double>(), -1.0);
}

TEST(CocoAp, ACrowdTakesManyAndCostsNothing) {
  CocoAp metric({{1, "thing"}}, {"bbox"});
  metric.add(1, std::vector{object({0, 0, 10, 10}), object({20, 0, 50, 50}, true)},
             std::vector{detection({25, 5, 5, 5}, 0.9), detection({35, 5, 5, 5}, 0.8),
                         detection({0, 0, 10, 10}, 0.7)});
  EXPECT_NEAR(metric.report().json["bbox"]["stats"]["AP"].get<double>(), 1.0, 1e-12);
}

TEST(CocoAp, TiesFollowThePicturesAndNotTheOrderOfAdding) {
  const std::vector<CocoInstance> objects = {object({0, 0, 10, 10})};
  const std::vector<CocoInstance> right = {detection({0, 0, 10, 10}, 0.5)};
  const std::vector<CocoInstance> wrong = {detection({30, 30, 10, 10}, 0.5)};
  CocoAp forward({{1, "thing"}}, {"bbox"}), backward = forward;
  forward.add(1, objects, right);
  forward.add(2, objects, wrong);
  backward.add(2, objects, wrong);
  backward.add(1, objects, right);
  EXPECT_EQ(forward.report().json.dump(), backward.report().json.dump());
  EXPECT_NEAR(forward.report().json["bbox"]["stats"]["AP"].get<double>(), 51.0 / 101, 1e-12);
}

TEST(CocoAp, RefusesUnknownCategoriesAndTypes) {
  CocoAp metric({{2, "other"}}, {"bbox"});
  EXPECT_THROW(metric.add(1, std::vector{object({0, 0, 1, 1})}, {}), Error);
  EXPECT_THROW(CocoAp({{1, "thing"}}, {"keypoints"}), UsageError);
}

/// Bad files: each gives one line that names the file and the entry.
class CocoFiles : public test::TemporaryFolder {
 protected:
  static constexpr const char* kGt =
      R"({"images": [{"id": 7, "width": 4, "height": 3}], "categories": [{"id": 1, "name": "a"}],
          "annotations": [{"id": 1, "image_id": 7, "category_id": 1, "area": 4, "iscrowd": 0,
          "bbox": [0, 0, 2, 2], "segmentation": {"size": [3, 4], "counts": [0, 2, 1, 2, 7]}}]})";

  std::string message(const std::string& results, const std::string& gt = kGt) {
    EvalOptions options;
    options.gt = folder_ / "gt.json";
    options.pred = folder_ / "results.json";
    write_text_file(options.gt, gt);
    write_text_file(options.pred, results);
    try {
      find_metric("coco").evaluate(options);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

  static std::string result(const std::string& image, const std::string& category,
                            const std::string& size, const std::string& counts) {
    return R"([{"image_id": )" + image + R"(, "category_id": )" + category +
           R"(, "score": 0.5, "segmentation": {"size": )" + size + R"(, "counts": )" + counts +
           "}}]";
  }
};

TEST_F(CocoFiles, GoodOnesPass) {
  EXPECT_EQ(message(result("7", "1", "[3, 4]", "[0, 2, 1, 2, 7]")), "");
}

TEST_F(CocoFiles, SaysWhatIsWrongWithResults) {
  EXPECT_NE(message("[]").find("results.json: the list of results is empty"), std::string::npos);
  EXPECT_NE(message("[{").find("results.json: broken JSON at line 1, column 3"), std::string::npos);
  const auto expect = [&](const std::string& results, const std::string& text) {
    const std::string said = message(results);
    EXPECT_NE(said.find("results.json: line 1, column 2: entry 1: "), std::string::npos) << said;
    EXPECT_NE(said.find(text), std::string::npos) << said;
  };
  expect(result("8", "1", "[3, 4]", "[12]"), "image_id 8 is not in the ground truth's images");
  expect(result("7", "3", "[3, 4]", "[12]"), "category_id 3 is not in the ground truth's categ");
  expect(result("7", "1", "[3, 4]", "[11]"), "covers 11 pixels");
  expect(result("7", "1", "[4, 3]", "[12]"), "a mask of 3x4 in a picture of 4x3");
  expect(R"([{"image_id": 7, "category_id": 1, "score": 1}])", "neither bbox nor segmentation");
}

TEST_F(CocoFiles, SaysWhatIsWrongWithTheGroundTruth) {
  const std::string results = result("7", "1", "[3, 4]", "[12]");
  const auto expect = [&](const std::string& from, const std::string& to, const std::string& text) {
    std::string gt = kGt;
    gt.replace(gt.find(from), from.size(), to);
    const std::string said = message(results, gt);
    EXPECT_NE(said.find("gt.json"), std::string::npos) << said;
    EXPECT_NE(said.find(text), std::string::npos) << said;
  };
  expect("[0, 2, 1, 2, 7]", "[0, 2, 1, 2, 8]", "annotation 1: run-length mask covers 13 pixels");
  expect(R"("image_id": 7)", R"("image_id": 9)", "image_id 9 is not in the ground truth's images");
  expect(R"([{"id": 7, "width": 4, "height": 3}])", "[]", "there are no images");
  expect(R"([{"id": 7,)", R"([{"id": 7, "width": 4, "height": 3}, {"id": 7,)",
         "image id 7 comes twice");
  expect(R"([{"id": 1, "name": "a"}])", R"([{"id": 1, "name": "a"}, {"id": 1, "name": "b"}])",
         "category id 1 comes twice");
}

}  // namespace
}  // namespace tessera
