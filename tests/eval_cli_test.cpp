#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "tessera/core/file.h"
#include "tessera/image/image_io.h"
#include "test_support.h"

namespace tessera::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::HasSubstr;

fs::path eval_golden(const std::string& name) { return golden_dir() / "eval" / name; }

/// Copies of goldens that tests may spoil.
class EvalCli : public TemporaryFolder {
 protected:
  fs::path copy(const std::string& golden) {
    const fs::path target = folder_ / fs::path(golden).filename();
    fs::copy(eval_golden(golden), target, fs::copy_options::recursive);
    return target;
  }

  /// The one line that `tessera eval ...` fails with.
  std::string error_of(const std::string& arguments, int exit_code = 1) {
    const ProgramResult result = run_tessera("eval " + arguments);
    EXPECT_EQ(result.exit_code, exit_code) << result.out << result.err;
    EXPECT_EQ(result.out, "");
    return result.err;
  }

  std::string pq_arguments(const fs::path& data) {
    return "pq --gt " + (data / "gt.json").string() + " --pred " + (data / "pred.json").string();
  }
  std::string stq_arguments(const fs::path& data) {
    return "stq --gt " + (data / "gt").string() + " --pred " + (data / "pred").string();
  }

  std::string vps_arguments(const fs::path& data) {
    return "vpq --variant vpsnet --gt " + (data / "gt/panoptic_gt_val_city_vps.json").string() +
           " --pred " + (data / "pred").string();
  }
  static fs::path first_png(const fs::path& folder) { return list_files(folder, ".png").front(); }

  /// Replaces the predictions' JSON by what `edit` makes of it.
  void edit_predictions(const fs::path& data, const std::function<void(json&)>& edit) {
    json predictions = json::parse(read_text_file(data / "pred.json"));
    edit(predictions);
    write_text_file(data / "pred.json", predictions.dump());
  }
};

TEST_F(EvalCli, ASignalLeavesWholeFilesOrNone) {
  const fs::path stq = copy("stq/kitti_step_videoknet");
  for (const std::string delay : {"0", "0.003", "0.006", "0.012", "0.5"}) {
    const fs::path out = folder_ / ("after-" + delay);
    fs::create_directories(out);
    const ProgramResult result =
        run_shell(tessera_binary().string() + " eval " + stq_arguments(stq) + " --json " +
                  (out / "a.json").string() + " --report " + (out / "report").string() +
                  " & pid=$!; sleep " + delay + "; kill -TERM $pid; wait $pid");
    std::set<std::string> left;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(out))
      left.insert(entry.path().filename().string());
    if (result.exit_code == 0) {
      EXPECT_EQ(left, (std::set<std::string>{"a.json", "report", "index.html"})) << delay;
      EXPECT_FALSE(json::parse(read_text_file(out / "a.json")).empty());
    } else {
      EXPECT_EQ(left.count("a.json"), 0U) << delay << result.err;
      for (const std::string& name : left) EXPECT_EQ(name.find(".tmp"), name.npos) << delay;
    }
  }
}

TEST_F(EvalCli, ShardsMergedInAnyOrderGiveTheSameBytes) {
  const std::string pq = "pq --gt " + eval_golden("pq/coco_synthetic/gt.json").string() +
                         " --pred " + eval_golden("pq/coco_synthetic/pred.json").string();
  const std::string vpq = "vpq --gt " + eval_golden("vpq/kitti_step/gt").string() + " --pred " +
                          eval_golden("vpq/kitti_step/pred").string();
  for (const std::string& arguments : {pq, vpq}) {
    const std::string whole = (folder_ / "whole.json").string();
    ASSERT_EQ(run_tessera("eval " + arguments + " --threads 1 --json " + whole).exit_code, 0);
    std::string parts;
    for (const int shard : {3, 1, 2}) {
      const std::string part = (folder_ / ("part" + std::to_string(shard))).string();
      const ProgramResult result = run_tessera("eval " + arguments + " --threads 2 --shard " +
                                               std::to_string(shard) + "/3 --partial " + part);
      ASSERT_EQ(result.exit_code, 0) << result.err;
      parts += " " + part;
    }
    const std::string merged = (folder_ / "merged.json").string();
    ASSERT_EQ(run_tessera("eval merge" + parts + " --json " + merged).exit_code, 0);
    EXPECT_EQ(read_text_file(whole), read_text_file(merged));
  }
}

TEST_F(EvalCli, MergeNamesMissingRepeatedAndForeignShards) {
  const std::string arguments = stq_arguments(eval_golden("stq/kitti_step_videoknet"));
  const auto part = [&](int shard, int count) {
    const std::string file =
        (folder_ / (std::to_string(shard) + "of" + std::to_string(count))).string();
    EXPECT_EQ(run_tessera("eval " + arguments + " --shard " + std::to_string(shard) + "/" +
                          std::to_string(count) + " --partial " + file)
                  .exit_code,
              0);
    return file;
  };
  const std::string first = part(1, 3), second = part(2, 3), other = part(2, 2);
  EXPECT_THAT(error_of("merge " + first + " " + second), HasSubstr("1 shards are missing: 3/3"));
  EXPECT_THAT(error_of("merge " + first + " " + first), HasSubstr("shard 1/3 is already in"));
  EXPECT_THAT(error_of("merge " + first + " " + other), HasSubstr("another evaluation"));
  const std::string golden = eval_golden("miou/videoknet/expected.json").string();
  EXPECT_THAT(error_of("merge " + golden), HasSubstr("not a partial result"));
}

TEST_F(EvalCli, WrongUsage) {
  const std::string arguments = stq_arguments(eval_golden("stq/kitti_step_videoknet"));
  EXPECT_THAT(error_of(arguments + " --variant deeplab", 2), HasSubstr("did you mean 'deeplab2'?"));
  EXPECT_THAT(error_of(arguments + " --shard 4/3 --partial x", 2), HasSubstr("expected i/n"));
  EXPECT_THAT(error_of(arguments + " --shard 1/3", 2), HasSubstr("--partial"));
  EXPECT_THAT(error_of("stp", 2), HasSubstr("did you mean 'stq'?"));
}

TEST_F(EvalCli, OptionsThatMeanNothingToAMetricAreErrors) {
  const std::string paths = " --gt " + folder_.string() + " --pred " + folder_.string();
  EXPECT_THAT(
      error_of("coco --gt " + folder_.string() + " --pred " + folder_.string() + " --things 1", 2),
      HasSubstr("unknown option '--things'"));
  EXPECT_THAT(error_of("stq" + paths + " --windows 2", 2), HasSubstr("unknown option '--windows'"));
  EXPECT_THAT(error_of("pq" + paths + " --num-classes 19", 2),
              HasSubstr("unknown option '--num-classes'"));
  EXPECT_THAT(
      error_of("vpq" + paths + " --frames-per-video 6", 2),
      HasSubstr("--frames-per-video means nothing to vpq --variant videoknet, but to vpsnet"));
  EXPECT_THAT(
      error_of("vpq --variant vpsnet" + paths + " --things 11", 2),
      HasSubstr("--things means nothing to vpq --variant vpsnet, but to videoknet, vipseg"));
}

TEST_F(EvalCli, ValuesOutOfRangeAreErrors) {
  const std::string arguments = stq_arguments(eval_golden("stq/kitti_step_videoknet"));
  EXPECT_THAT(error_of(arguments + " --num-classes 0", 2), HasSubstr("--num-classes"));
  EXPECT_THAT(error_of(arguments + " --ignore-label -1", 2), HasSubstr("--ignore-label"));
  EXPECT_THAT(error_of(arguments + " --things 11,19", 2),
              HasSubstr("--things 19: the classes are 0 to 18"));
  const std::string paths = " --gt " + folder_.string() + " --pred " + folder_.string();
  EXPECT_THAT(error_of("vpq" + paths + " --windows 0", 2), HasSubstr("--windows"));
  EXPECT_THAT(error_of("vpq --variant vpsnet" + paths + " --frames-per-video 0", 2),
              HasSubstr("--frames-per-video"));
}

TEST_F(EvalCli, PredictedPicturesMayLieInPanopticBesideTheirList) {
  const fs::path coco = copy("pq/coco_synthetic");
  const auto by_name = run_tessera("eval " + pq_arguments(coco));
  ASSERT_EQ(by_name.exit_code, 0) << by_name.err;
  fs::rename(coco / "pred", coco / "panoptic");
  const auto beside = run_tessera("eval " + pq_arguments(coco));
  EXPECT_EQ(beside.exit_code, 0) << beside.err;
  EXPECT_EQ(beside.out, by_name.out);
}

TEST_F(EvalCli, MissingPredictionsAreNamedAndCounted) {
  const fs::path step = copy("stq/kitti_step_deeplab2");
  fs::remove(step / "pred/0002/000001.png");
  fs::remove(step / "pred/0010/000003.png");
  EXPECT_THAT(error_of(stq_arguments(step) + " --variant deeplab2"),
              HasSubstr("2 predictions are missing, for the frames 0002/000001, 0010/000003"));
  const fs::path coco = copy("pq/coco_synthetic");
  edit_predictions(coco, [](json& p) { p["annotations"].erase(0); });
  EXPECT_THAT(error_of(pq_arguments(coco)),
              HasSubstr("predictions of 1 pictures are missing: image_id 1057"));
}

TEST_F(EvalCli, AnInstancePictureWithoutItsPartnerIsNamed) {
  const fs::path step = copy("stq/kitti_step_videoknet");
  fs::remove(step / "pred/panoptic/2/000002_000003_ins.png");
  EXPECT_THAT(error_of(stq_arguments(step)), HasSubstr("000002_000003_ins.png: missing beside"));
}

TEST_F(EvalCli, ExtraPredictionsAreIgnoredWithAWarning) {
  const fs::path step = copy("stq/kitti_step_deeplab2");
  fs::copy_file(step / "pred/0002/000001.png", step / "pred/0002/000099.png");
  const ProgramResult result = run_tessera("eval " + stq_arguments(step) + " --variant deeplab2");
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.err, HasSubstr("1 predictions without ground truth are ignored"));
  EXPECT_THAT(result.err, HasSubstr("000099.png"));
}

TEST_F(EvalCli, AnotherPictureSizeIsAnError) {
  const fs::path step = copy("stq/kitti_step_deeplab2");
  write_png(step / "pred/0002/000001.png", Image({100, 64}, 3));
  const std::string error = error_of(stq_arguments(step) + " --variant deeplab2");
  EXPECT_THAT(error, HasSubstr("000001.png"));
  EXPECT_THAT(error, HasSubstr("the prediction is 100x64, the ground truth 208x64"));
}

TEST_F(EvalCli, BrokenPicturesAreNamed) {
  const fs::path step = copy("stq/kitti_step_deeplab2");
  const fs::path file = step / "pred/0002/000001.png";
  fs::resize_file(file, fs::file_size(file) / 2);
  EXPECT_THAT(error_of(stq_arguments(step) + " --variant deeplab2"), HasSubstr(file.string()));
  write_png(file, Image({208, 64}, 1));
  EXPECT_THAT(error_of(stq_arguments(step) + " --variant deeplab2"), HasSubstr(file.string()));
  write_text_file(file, "not a picture");
  EXPECT_THAT(error_of(stq_arguments(step) + " --variant deeplab2"), HasSubstr(file.string()));
}

TEST_F(EvalCli, UnknownClassesAreErrors) {
  const fs::path step = copy("stq/kitti_step_deeplab2");
  write_png(step / "pred/0002/000001.png", Image({208, 64}, 3, 77));
  const std::string stq = error_of(stq_arguments(step) + " --variant deeplab2");
  EXPECT_THAT(stq, HasSubstr("the prediction has class 77"));
  EXPECT_THAT(stq, HasSubstr("000001.png"));
  EXPECT_THAT(
      error_of("vpq --gt " + (step / "gt").string() + " --pred " + (step / "pred").string()),
      HasSubstr("the prediction has class 77"));
  const fs::path coco = copy("pq/coco_synthetic");
  edit_predictions(coco,
                   [](json& p) { p["annotations"][0]["segments_info"][0]["category_id"] = 4711; });
  EXPECT_THAT(error_of(pq_arguments(coco)), HasSubstr("category_id 4711"));
  edit_predictions(coco, [](json& p) {
    p["annotations"][0]["segments_info"][0]["category_id"] = (std::int64_t{1} << 32) + 1;
  });
  EXPECT_THAT(error_of(pq_arguments(coco)), HasSubstr("category_id is 4294967297"));
  const fs::path miou = copy("miou/videoknet");
  write_png(miou / "gt/000001.png", Image({208, 64}, 1, 40));
  EXPECT_THAT(
      error_of("miou --gt " + (miou / "gt").string() + " --pred " + (miou / "pred").string()),
      HasSubstr("gt/000001.png: the ground truth has class 40"));
}

TEST_F(EvalCli, SegmentsThatAreOnlyListedOrOnlyInThePictureAreErrors) {
  const fs::path listed = copy("pq/coco_synthetic");
  edit_predictions(listed, [](json& p) {
    p["annotations"][0]["segments_info"].push_back({{"id", 123456}, {"category_id", 1}});
  });
  EXPECT_THAT(error_of(pq_arguments(listed)),
              HasSubstr("lists the predicted segment id 123456, which no pixel"));
  const fs::path drawn = copy("pq/coco_sample");
  edit_predictions(drawn, [](json& p) { p["annotations"][0]["segments_info"].erase(0); });
  EXPECT_THAT(error_of(pq_arguments(drawn)), HasSubstr("which its segments_info does not list"));
}

TEST_F(EvalCli, DuplicateIdsAreErrors) {
  const auto twice = [](json& p) {
    json& list = p["annotations"][0]["segments_info"];
    list.push_back(list[0]);
  };
  const fs::path segments = copy("pq/coco_synthetic");
  edit_predictions(segments, twice);
  EXPECT_THAT(error_of(pq_arguments(segments)), HasSubstr("is listed twice"));
  const fs::path vps = copy("vpq/cityscapes_vps");
  edit_predictions(vps / "pred", twice);
  EXPECT_THAT(error_of(vps_arguments(vps)), HasSubstr("is listed twice"));
  const fs::path pictures = copy("pq/coco_sample");
  edit_predictions(pictures, [](json& p) { p["annotations"].push_back(p["annotations"][0]); });
  EXPECT_THAT(error_of(pq_arguments(pictures)), HasSubstr("has a second annotation"));
}

TEST_F(EvalCli, BrokenJsonIsNamedWithItsLine) {
  const fs::path coco = copy("pq/coco_synthetic");
  const std::string text = read_text_file(coco / "pred.json");
  write_text_file(coco / "pred.json", text.substr(0, text.size() / 2));
  const std::string error = error_of(pq_arguments(coco));
  EXPECT_THAT(error, HasSubstr("pred.json"));
  EXPECT_THAT(error, HasSubstr("line"));
}

TEST_F(EvalCli, TruthWithoutAnAreaIsAnErrorThatNamesThePicture) {
  const fs::path coco = copy("pq/coco_synthetic"), vps = copy("vpq/cityscapes_vps");
  const fs::path truth_of_vps = vps / "gt/panoptic_gt_val_city_vps.json";
  for (const fs::path& file : {coco / "gt.json", truth_of_vps}) {
    json truth = json::parse(read_text_file(file));
    truth["annotations"][0]["segments_info"][1].erase("area");
    write_text_file(file, truth.dump());
  }
  EXPECT_THAT(error_of(pq_arguments(coco)),
              HasSubstr("000000001007.png: the key 'area' is missing"));
  EXPECT_THAT(error_of(vps_arguments(vps)), HasSubstr(".png: the key 'area' is missing"));
}

TEST_F(EvalCli, NothingToEvaluateIsAnError) {
  fs::create_directories(folder_ / "gt");
  fs::create_directories(folder_ / "pred");
  const std::string folders =
      " --gt " + (folder_ / "gt").string() + " --pred " + (folder_ / "pred").string();
  EXPECT_THAT(error_of("stq" + folders), HasSubstr("no frames found"));
  EXPECT_THAT(error_of("vpq" + folders), HasSubstr("no frames found"));
  EXPECT_THAT(error_of("miou" + folders), HasSubstr("no .png files"));
  write_text_file(folder_ / "gt.json", R"({"images": [], "annotations": [], "categories": []})");
  write_text_file(folder_ / "pred.json", R"({"annotations": []})");
  EXPECT_THAT(error_of(pq_arguments(folder_)), HasSubstr("no pictures to evaluate"));
}

TEST_F(EvalCli, MissingPicturesOfPanopticJsonsAreNamedAndCounted) {
  const fs::path coco = copy("pq/coco_synthetic");
  fs::remove(coco / "pred" / "000000001007_p.png");
  EXPECT_THAT(error_of(pq_arguments(coco)),
              HasSubstr("predicted pictures are missing: 000000001007_p.png"));
  const fs::path vps = copy("vpq/cityscapes_vps");
  fs::remove(first_png(vps / "pred/pan_pred"));
  EXPECT_THAT(error_of(vps_arguments(vps)), HasSubstr("1 prediction files are missing: "));
}

TEST_F(EvalCli, BrokenPicturesOfPanopticJsonsAreNamed) {
  const fs::path coco = copy("pq/coco_synthetic"), vps = copy("vpq/cityscapes_vps");
  for (const auto& [folder, arguments] : {std::pair(coco / "pred", pq_arguments(coco)),
                                          std::pair(vps / "pred/pan_pred", vps_arguments(vps))}) {
    const fs::path file = first_png(folder);
    fs::resize_file(file, fs::file_size(file) / 2);
    EXPECT_THAT(error_of(arguments), HasSubstr(file.string() + ": the PNG is cut short"));
    write_png(file, Image({10, 10}, 3));
    EXPECT_THAT(error_of(arguments),
                HasSubstr(file.string() + ": the prediction is 10x10, the ground truth"));
  }
}

TEST_F(EvalCli, VpsPicturesMustFitTheirJson) {
  const fs::path vps = copy("vpq/cityscapes_vps");
  const fs::path file = first_png(vps / "pred/pan_pred");
  const IdMap good = read_id_png(file);
  IdMap drawn = good;
  drawn.at(0, 0) = 592137;
  write_id_png(file, drawn);
  EXPECT_THAT(error_of(vps_arguments(vps)),
              HasSubstr(file.string() + ": the predicted picture has segment id 592137"));
  write_id_png(file, IdMap(good.size(), 1));
  EXPECT_THAT(error_of(vps_arguments(vps)), HasSubstr("which no pixel of the picture has"));
  write_id_png(file, good);
  json predictions = json::parse(read_text_file(vps / "pred/pred.json"));
  predictions["annotations"].erase(0);
  write_text_file(vps / "pred/pred.json", predictions.dump());
  EXPECT_THAT(error_of(vps_arguments(vps)), HasSubstr("17 predictions for the 18 frames"));
}

TEST_F(EvalCli, TruthThatDoesNotFitItsPicturesIsCountedAsOfficiallyWithAWarning) {
  const fs::path coco = copy("pq/coco_synthetic");
  const auto warning = [&](const std::function<void(json&)>& edit) {
    json truth = json::parse(read_text_file(eval_golden("pq/coco_synthetic/gt.json")));
    edit(truth["annotations"][0]["segments_info"]);
    write_text_file(coco / "gt.json", truth.dump());
    const ProgramResult result = run_tessera("eval " + pq_arguments(coco));
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return result.err;
  };
  EXPECT_THAT(warning([](json& list) { list[0]["id"] = 123456; }),
              HasSubstr("2 segments of the ground truth do not fit its pictures; the first: "));
  EXPECT_THAT(warning([](json& list) {
                list.push_back(list[0]);
                list.back()["id"] = 123456;
              }),
              HasSubstr("segment 123456 is listed, but no pixel has it"));
  EXPECT_THAT(warning([](json& list) { list.erase(0); }),
              HasSubstr("is in the picture, but not listed"));
}

TEST_F(EvalCli, ExtraFilesAreIgnoredWithAWarning) {
  const fs::path vps = copy("vpq/cityscapes_vps"), miou = copy("miou/videoknet");
  const fs::path davis = copy("davis/synthetic"), mots = copy("mots/kitti_mots");
  const auto paths = [](const fs::path& gt, const fs::path& pred) {
    return " --gt " + gt.string() + " --pred " + pred.string();
  };
  struct Extra {
    fs::path like, name;
    std::string arguments;
  };
  for (const Extra& extra :
       {Extra{first_png(vps / "pred/pan_pred"), "extra.png", vps_arguments(vps)},
        Extra{first_png(miou / "pred"), "extra.png", "miou" + paths(miou / "gt", miou / "pred")},
        Extra{first_png(davis / "pred_unsupervised/alpha"), "99999.png",
              "davis" + paths(davis / "gt", davis / "pred_unsupervised")},
        Extra{mots / "pred/ours/data/0002.txt", "7777.txt",
              "mots" + paths(mots / "gt", mots / "pred/ours/data")}}) {
    fs::copy_file(extra.like, extra.like.parent_path() / extra.name);
    const ProgramResult result = run_tessera("eval " + extra.arguments);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_THAT(result.err, HasSubstr("1 predictions without ground truth are ignored"));
    EXPECT_THAT(result.err, HasSubstr(extra.name.string()));
  }
}

}  // namespace
}  // namespace tessera::test
