// Every format with the metric that its users take: ground truth scored against itself is perfect.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "tessera/core/file.h"
#include "test_support.h"

namespace tessera::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

class DatasetEval : public TemporaryFolder {
 protected:
  /// Draws two val sequences of five frames and returns their folder.
  std::string draw(const std::string& format) const {
    const ProgramResult drawn =
        run_tessera("synth --quiet " + root_ + " --format " + format +
                    " --sequences 0 --val-sequences 2 --frames 5 --size 160x64 --seed 3");
    EXPECT_EQ(drawn.exit_code, 0) << drawn.err;
    return root_;
  }

  json evaluate(const std::string& metric, const fs::path& truth, const fs::path& predictions,
                const std::string& more = "") const {
    const fs::path report = folder_ / "report.json";
    const ProgramResult result =
        run_tessera("eval " + metric + " --quiet --gt " + truth.string() + " --pred " +
                    predictions.string() + " --json " + report.string() + " " + more);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return result.exit_code == 0 ? json::parse(read_text_file(report)) : json();
  }

  static json read(const fs::path& path) { return json::parse(read_text_file(path)); }
  fs::path write(const char* name, const json& content) const {
    write_text_file(folder_ / name, content.dump());
    return folder_ / name;
  }

  const std::string root_ = (folder_ / "data").string();
};

TEST_F(DatasetEval, KittiStep) {
  const fs::path maps = fs::path(draw("kitti-step")) / "panoptic_maps" / "val";
  for (const char* variant : {"videoknet", "deeplab2"})
    EXPECT_DOUBLE_EQ(evaluate("stq", maps, maps, std::string("--variant ") + variant)["STQ"], 1);
  const json vpq = evaluate("vpq", maps, maps);
  for (const char* window : {"1", "2", "3", "4"})
    EXPECT_NEAR(vpq["windows"][window]["PQ_things"], 100, 1e-6) << window;
}

TEST_F(DatasetEval, Custom) {
  const fs::path maps = fs::path(draw("custom")) / "panoptic";
  const std::string classes = "--num-classes 19 --things 11,12,13,14,15,16,17,18";
  EXPECT_DOUBLE_EQ(evaluate("stq", maps, maps, classes)["STQ"], 1);
}

TEST_F(DatasetEval, Vipseg) {
  const std::string root = draw("vipseg");
  EXPECT_DOUBLE_EQ(evaluate("stq", root, root, "--variant vipseg")["STQ"], 1);
  // Absent classes count 0 there, so each class is looked at.
  const json vpq = evaluate("vpq", root, root, "--variant vipseg");
  const json& classes =
      vpq["windows"]["2"]["instances_read_and_k_not_sticky"]["per_class_nonempty"];
  EXPECT_GT(classes.size(), 8U);
  for (const auto& [id, scores] : classes.items()) EXPECT_NEAR(scores["pq"], 1, 1e-6) << id;
}

TEST_F(DatasetEval, CityscapesVps) {
  const fs::path root = draw("cityscapes-vps");
  const fs::path maps = root / "val" / "panoptic_video",
                 truth = root / "panoptic_gt_val_city_vps.json";
  const json document = read(truth);
  make_directories(folder_ / "pan_pred");
  write_text_file(folder_ / "pred.json", json{{"annotations", document["annotations"]}}.dump());
  for (const json& annotation : document["annotations"])
    fs::copy_file(maps / annotation["file_name"].get<std::string>(),
                  folder_ / "pan_pred" / (annotation["image_id"].get<std::string>() + ".png"));
  const json vpq = evaluate("vpq", truth, folder_,
                            "--variant vpsnet --frames-per-video 1 --gt-folder " + maps.string());
  EXPECT_DOUBLE_EQ(vpq["windows"]["0"]["All"]["pq"], 1);
}

TEST_F(DatasetEval, CocoPanopticAndInstances) {
  const fs::path annotations = fs::path(draw("coco")) / "annotations";
  const fs::path panoptic = annotations / "panoptic_val2017.json";
  EXPECT_DOUBLE_EQ(evaluate("pq", panoptic, panoptic)["All"]["pq"], 1);
  const fs::path instances = annotations / "instances_val2017.json";
  json results = json::array();
  const json objects = read(instances)["annotations"];
  for (const json& object : objects)
    if (object["iscrowd"] == 0)
      results.push_back({{"image_id", object["image_id"]},
                         {"category_id", object["category_id"]},
                         {"segmentation", object["segmentation"]},
                         {"score", 1.0}});
  const json ap = evaluate("coco", instances, write("results.json", results));
  EXPECT_DOUBLE_EQ(ap["segm"]["stats"]["AP"], 1);
  EXPECT_DOUBLE_EQ(ap["bbox"]["stats"]["AP"], 1);
}

TEST_F(DatasetEval, Cityscapes) {
  const std::string root = draw("cityscapes"), prepared = (folder_ / "prepared").string();
  const ProgramResult result = run_tessera("prepare --quiet cityscapes " + root + " " + prepared);
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const fs::path truth = fs::path(prepared) / "gtFine" / "cityscapes_panoptic_val_trainId.json";
  EXPECT_DOUBLE_EQ(evaluate("pq", truth, truth)["All"]["pq"], 1);
  // Maps of trainIds, which Cityscapes puts beside others, are a folder of their own among results.
  const fs::path maps = folder_ / "maps";
  make_directories(maps);
  for (const fs::path& file : list_files(fs::path(prepared) / "gtFine/val/street", ".png"))
    if (file.string().ends_with("labelTrainIds.png")) fs::copy_file(file, maps / file.filename());
  EXPECT_DOUBLE_EQ(evaluate("miou", maps, maps)["mIoU_present_classes"], 100);
}

TEST_F(DatasetEval, Ade20k) {
  const fs::path maps = fs::path(draw("ade20k")) / "annotations" / "validation";
  const json miou = evaluate("miou", maps, maps, "--num-classes 151 --ignore-label 0");
  EXPECT_DOUBLE_EQ(miou["mIoU_present_classes"], 100);
}

TEST_F(DatasetEval, PascalVoc) {
  const fs::path maps = fs::path(draw("pascal-voc")) / "SegmentationClass";
  EXPECT_DOUBLE_EQ(evaluate("miou", maps, maps, "--num-classes 21")["mIoU_present_classes"], 100);
}

TEST_F(DatasetEval, Davis) {
  const fs::path root = draw("davis");
  const json scores = evaluate("davis", root, root / "Annotations_unsupervised" / "480p");
  EXPECT_DOUBLE_EQ(scores["unsupervised"]["global"]["J&F-Mean"], 1);
}

TEST_F(DatasetEval, YoutubeVis) {
  const fs::path truth = fs::path(draw("youtube-vis")) / "annotations" / "valid.json";
  json results = json::array();
  const json tracks = read(truth)["annotations"];
  for (const json& track : tracks)
    results.push_back({{"video_id", track["video_id"]},
                       {"category_id", track["category_id"]},
                       {"segmentations", track["segmentations"]},
                       {"score", 1.0}});
  const json ap = evaluate("ytvis", truth, write("results.json", results));
  EXPECT_DOUBLE_EQ(ap["segm"]["stats"]["AP"], 1);
}

TEST_F(DatasetEval, KittiMots) {
  const fs::path root = draw("kitti-mots");
  const fs::path results = folder_ / "results";
  make_directories(results);
  for (const fs::path& file : list_files(root / "instances_txt", ".txt")) {
    std::istringstream lines(read_text_file(file));
    std::string found;
    for (std::string line; std::getline(lines, line);)
      if (line.find(" 10000 10 ") == std::string::npos) found += line + "\n";
    write_text_file(results / file.filename(), found);
  }
  const json scores = evaluate("mots", root, results);
  for (const char* sequence : {"0002", "0006"})
    EXPECT_DOUBLE_EQ(scores[sequence]["car"]["HOTA"]["HOTA(0)"], 1) << sequence;
}

}  // namespace
}  // namespace tessera::test
