#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <set>

#include "tessera/core/file.h"
#include "tessera/image/image_io.h"
#include "test_support.h"

namespace tessera::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr const char* kConfig = R"(
model:
  type: video_knet
  backbone: {type: resnet, depth: 18, frozen_stages: 4, norm_eval: true}
  channels: 32
  proposals: 6
  thing_classes: 2
  stuff_classes: 17
  stages: 1
  attention_heads: 2
  feedforward_channels: 32
  track_hidden_channels: 16
  track_embedding_channels: 16
classes: kitti-step
# An untrained network is sure of nothing: take what it says all the same.
test: {official: false, thing_score: 0, overlap: 0, tracker: {new_track_score: 0, known_track_score: 0}}
data:
  dataset: {format: kitti-step, root: street, split: train}
  references: {first: -2, last: 2}
  pipeline:
    crowds: objects
    steps:
      - {kind: resize, scales: [{long: 96, short: 64}]}
      - {kind: require_tracks}
  loader: {batch_size: 1, workers: 1}
validation: {format: kitti-step, root: street, split: val}
train:
  iterations: 2
  optimizer: {lr: 0.001, max_norm: 1}
  log_every: 1
  checkpoint_every: 2
  validate_every: 2
)";

/// A street, a configuration and a checkpoint, made once for all tests.
class VideoCli : public TemporaryFolder {
 protected:
  static void SetUpTestSuite() {
    shared_ = fs::temp_directory_path() / ("tessera-video-cli-" + std::to_string(::getpid()));
    fs::remove_all(shared_);
    fs::create_directories(shared_);
    const auto made = run_tessera("synth " + (shared_ / "street").string() +
                                  " --sequences 1 --val-sequences 2 --frames 24 --size 96x64 "
                                  "--seed 1 --quiet");
    ASSERT_EQ(made.exit_code, 0) << made.err;
    std::string config = kConfig;
    for (auto at = config.find("root: street"); at != std::string::npos;
         at = config.find("root: street", at + 1))
      config.replace(at, 12, "root: " + (shared_ / "street").string());
    write_text_file(shared_ / "tiny.yaml", config);
    const auto trained = run_tessera("train " + (shared_ / "tiny.yaml").string() +
                                     " --threads 1 --work-dir " + (shared_ / "run").string());
    ASSERT_EQ(trained.exit_code, 0) << trained.err;
    EXPECT_THAT(trained.err, HasSubstr("STQ"));
  }
  static void TearDownTestSuite() { fs::remove_all(shared_); }

  static fs::path frames() { return shared_ / "street/images/val/0002"; }
  /// predict ... INPUT -o OUT
  std::string command(const std::string& input, const std::string& out,
                      const std::string& more = "") const {
    return "predict " + (shared_ / "tiny.yaml").string() + " " +
           (shared_ / "run/last.pth").string() + " " + input + " -o " + (folder_ / out).string() +
           " --threads 1 " + more;
  }
  ProgramResult predict(const std::string& input, const std::string& out,
                        const std::string& more = "") const {
    return run_tessera(command(input, out, more));
  }
  void expect_failure(const ProgramResult& result, const std::string& message) const {
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_THAT(result.err, HasSubstr(message));
  }
  void expect_same_results(const std::string& a, const std::string& b) const {
    std::size_t count = 0;
    for (const auto& folder : list_folders(folder_ / a / "final"))
      for (const auto& path : list_files(folder, ".png")) {
        const auto other = folder_ / b / "final" / folder.filename() / path.filename();
        ASSERT_TRUE(fs::exists(other)) << other;
        EXPECT_TRUE(read_file(path) == read_file(other)) << path;
        ++count;
      }
    EXPECT_EQ(count, 48U);
  }
  /// The tracks of the video 0002, and 0 where there is something without.
  std::set<int> tracks_in(const std::string& results) const {
    std::set<int> tracks;
    for (const auto& path : list_files(folder_ / results / "final/0002", ".png")) {
      const Image picture = read_rgb_png(path);
      for (int y = 0; y < picture.height(); ++y)
        for (int x = 0; x < picture.width(); ++x)
          tracks.insert(picture.at(x, y, 1) * 256 + picture.at(x, y, 2));
    }
    return tracks;
  }

  static inline fs::path shared_;
};

TEST_F(VideoCli, ASplitIsPredictedAndEvaluated) {
  const auto result = predict("val", "results", "--cat-ins --views mp4,gif,pictures");
  ASSERT_EQ(result.exit_code, 0) << result.err;
  for (const char* path :
       {"final/0002/000000.png", "final/0006/000023.png", "panoptic/2/000002_000000_cat.png",
        "panoptic/6/000006_000023_ins.png", "pictures/overlay/0006/000023.png",
        "pictures/semantic/0002/000000.png", "video/0002.mp4", "video/0006.gif", "config.yaml"})
    EXPECT_TRUE(fs::exists(folder_ / "results" / path)) << path;
  const std::string truth = (shared_ / "street/panoptic_maps/val").string();
  const auto from_final =
      run_tessera("eval stq --gt " + truth + " --pred " + (folder_ / "results/final").string());
  EXPECT_EQ(from_final.exit_code, 0) << from_final.err;
  const auto from_pairs =
      run_tessera("eval stq --gt " + truth + " --pred " + (folder_ / "results/panoptic").string());
  EXPECT_EQ(from_pairs.exit_code, 0) << from_pairs.err;
  EXPECT_EQ(from_final.out, from_pairs.out);
}

TEST_F(VideoCli, ObjectsHaveTracks) {
  ASSERT_EQ(predict(frames().string(), "results").exit_code, 0);
  EXPECT_GT(tracks_in("results").size(), 1U);
}

TEST_F(VideoCli, WithoutAnyObjectStuffIsShownAndScored) {
  ASSERT_EQ(predict("val", "results", "--visualize --cat-ins --set test.thing_score=1").exit_code,
            0);
  EXPECT_EQ(tracks_in("results"), std::set<int>{0});
  EXPECT_TRUE(fs::exists(folder_ / "results/video/0002.mp4"));
  const auto score =
      run_tessera("eval stq --gt " + (shared_ / "street/panoptic_maps/val").string() + " --pred " +
                  (folder_ / "results/final").string());
  EXPECT_EQ(score.exit_code, 0) << score.err;
}

TEST_F(VideoCli, AnInterruptedPredictionGoesOnToTheSameResult) {
  ASSERT_EQ(predict("val", "whole").exit_code, 0);
  for (const std::string signal : {"TERM", "KILL"}) {
    const std::string out = "stopped-" + signal;
    const auto stopped =
        run_shell(tessera_binary().string() + " " + command("val", out) +
                  " & pid=$!; for i in $(seq 600); do "
                  "[ -s " +
                  (folder_ / (out + ".partial/final/0002/000004.png")).string() +
                  " ] && break; sleep 0.01; done; kill -" + signal + " $pid; wait $pid");
    EXPECT_NE(stopped.exit_code, 0);
    EXPECT_FALSE(fs::exists(folder_ / out));
    ASSERT_TRUE(fs::exists(folder_ / (out + ".partial")));
    const auto again = predict("val", out);
    ASSERT_EQ(again.exit_code, 0) << again.err;
    if (signal == "TERM") {
      EXPECT_THAT(stopped.err, HasSubstr("the same command goes on"));
      EXPECT_THAT(again.err, HasSubstr("going on with"));
    }
    EXPECT_FALSE(fs::exists(folder_ / (out + ".partial")));
    expect_same_results("whole", out);
  }
}

TEST_F(VideoCli, AVideoFileAndASingleFrameAreVideosToo) {
  ASSERT_EQ(predict(frames().string(), "first", "--visualize").exit_code, 0);
  const fs::path video = folder_ / "first/video/0002.mp4";
  const auto result = predict(video.string(), "of-video");
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_TRUE(fs::exists(folder_ / "of-video/final/0002/000023.png"));
  ASSERT_EQ(predict((frames() / "000003.png").string(), "single").exit_code, 0);
  EXPECT_TRUE(fs::exists(folder_ / "single/final/000003/000003.png"));
}

TEST_F(VideoCli, AMissingFrameIsAGapInTime) {
  fs::create_directories(folder_ / "gap");
  for (const int frame : {0, 1, 2, 7, 8})
    fs::copy(frames() / ("00000" + std::to_string(frame) + ".png"), folder_ / "gap");
  const auto result = predict((folder_ / "gap").string(), "results");
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(list_files(folder_ / "results/final/gap", ".png").size(), 5U);
}

TEST_F(VideoCli, FramesOfAnotherSizeAndBrokenOnesAreNamed) {
  fs::create_directories(folder_ / "mixed");
  fs::copy(frames() / "000000.png", folder_ / "mixed");
  write_png(folder_ / "mixed/000001.png", Image({64, 64}, 3));
  auto result = predict((folder_ / "mixed").string(), "results");
  expect_failure(result, "000001: the frame is 64x64, those before it are 96x64");
  EXPECT_FALSE(fs::exists(folder_ / "results"));

  fs::copy_file(frames() / "000001.png", folder_ / "mixed/000001.png",
                fs::copy_options::overwrite_existing);
  fs::resize_file(folder_ / "mixed/000001.png", 200);
  expect_failure(predict((folder_ / "mixed").string(), "results", "--force"), "000001.png");
}

TEST_F(VideoCli, AVideoThatBreaksOffIsNamed) {
  ASSERT_EQ(predict(frames().string(), "first", "--visualize").exit_code, 0);
  const fs::path broken = folder_ / "broken.mp4";
  fs::copy(folder_ / "first/video/0002.mp4", broken);
  fs::resize_file(broken, fs::file_size(broken) / 2);
  expect_failure(predict(broken.string(), "results"), "broken.mp4");
  EXPECT_FALSE(fs::exists(folder_ / "results"));
}

TEST_F(VideoCli, ResultsOfOtherRunsAreNotTouched) {
  ASSERT_EQ(predict(frames().string(), "results").exit_code, 0);
  expect_failure(predict(frames().string(), "results"), "the folder is not empty");
  fs::create_directories(folder_ / "other.partial");
  write_text_file(folder_ / "other.partial/unfinished.json",
                  R"({"run": "another", "video": 0, "frame": 3, "width": 1, "height": 1,
                      "state": ""})");
  expect_failure(predict(frames().string(), "other"), "another model, checkpoint or input");
  write_text_file(folder_ / "other.partial/unfinished.json", "{");
  expect_failure(predict(frames().string(), "other"), "another model, checkpoint or input");
  EXPECT_EQ(predict(frames().string(), "other", "--force").exit_code, 0);
}

TEST_F(VideoCli, MistakesAreExplained) {
  expect_failure(predict("nowhere", "results"), "nowhere: no such file or folder");
  fs::create_directories(folder_ / "empty");
  expect_failure(predict((folder_ / "empty").string(), "results"), "no .png or .jpg file");
  expect_failure(predict(frames().string(), "results", "--set test.thing_score=2"),
                 "test.thing_score");
  EXPECT_EQ(predict(frames().string(), "results", "--views mpeg").exit_code, 2);
}

TEST_F(VideoCli, AStudyTrainsPredictsAndCompares) {
  write_text_file(folder_ / "study.yaml", "config: " + (shared_ / "tiny.yaml").string() + R"(
seeds: [0, 1]
factors:
  kernel update:
    original: []
    skip: [model.kernel_update=skip]
  association:
    embedding: []
    overlap: [test.association=overlap]
)");
  const std::string call = "ablate " + (folder_ / "study.yaml").string() + " -o " +
                           (folder_ / "study").string() + " --threads 2 --nproc 2";
  const auto result = run_tessera(call);
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("| skip, overlap |"));
  EXPECT_THAT(result.out, HasSubstr("±"));
  // Variants that differ in their tests share a training.
  EXPECT_EQ(list_folders(folder_ / "study/trainings").size(), 2U);
  for (const char* file : {"table.md", "table.csv", "results.json", "plot.svg", "report.html"})
    EXPECT_TRUE(fs::exists(folder_ / "study" / file)) << file;
  const auto json = nlohmann::json::parse(read_text_file(folder_ / "study/results.json"));
  ASSERT_EQ(json["variants"].size(), 4U);
  EXPECT_EQ(json["variants"][0]["runs"].size(), 2U);
  EXPECT_TRUE(json["variants"][3]["scores"]["STQ"].contains("deviation"));
  // What is done is not done again.
  const auto table = read_file(folder_ / "study/table.md");
  const auto again = run_tessera(call);
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_THAT(again.err, ::testing::Not(HasSubstr("training")));
  EXPECT_TRUE(table == read_file(folder_ / "study/table.md"));
}

TEST_F(VideoCli, AStudysMistakesAreExplained) {
  const auto study = [&](const std::string& text) {
    write_text_file(folder_ / "study.yaml", text);
    return run_tessera("ablate " + (folder_ / "study.yaml").string() + " -o " +
                       (folder_ / "study").string());
  };
  const std::string config = "config: " + (shared_ / "tiny.yaml").string() + "\n";
  expect_failure(study("config: none.yaml\nfactors: {a: {b: []}}\n"), "none.yaml does not exist");
  expect_failure(study(config), "factors");
  expect_failure(study(config + "factors: {update: {a: 3}}\n"), "study.yaml:2");
  expect_failure(study(config + "factors: {type: {image: [model.type=knet]}}\n"),
                 "a study needs a model that tracks");
  expect_failure(study(config + "factors: {update: {odd: [model.kernel_update=odd]}}\n"),
                 "training");
}

}  // namespace
}  // namespace tessera::test
