// Semantic K-Net from data to numbers: draw, train, predict, evaluate.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "tessera/core/file.h"
#include "tessera/image/image_io.h"
#include "test_support.h"

namespace tessera::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::HasSubstr;

constexpr const char* kConfig = R"(
model:
  type: semantic_knet
  backbone: {type: resnet, depth: 18, base_channels: 8}
  classes: 150
  head: {type: psp, channels: 16}
  stages: 1
  updator_channels: 16
  attention_heads: 2
  feedforward_channels: 16
  auxiliary: {channels: 8}
classes: ade20k
test: {scale: {long: 96, short: 64}}
data:
  dataset: {format: ade20k, root: street, split: train}
  pipeline:
    steps:
      - {kind: resize, scales: [{long: 96, short: 64}], ratio_min: 0.5, ratio_max: 2}
      - {kind: crop, width: 64, height: 64, max_category_share: 0.75}
      - {kind: flip}
      - {kind: photometric}
  loader: {batch_size: 2, workers: 1, divisor: 1, least_width: 64, least_height: 64}
validation: {format: ade20k, root: street, split: val}
train:
  iterations: 4
  optimizer: {lr: 0.001, max_norm: 1}
  log_every: 1
  checkpoint_every: 4
  validate_every: 4
)";

/// A PNG of 3x2 pixels with transparency.
constexpr std::uint8_t kAlphaPng[] = {
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44, 0x52,
    0x00, 0x00, 0x00, 0x03, 0x00, 0x00, 0x00, 0x02, 0x08, 0x06, 0x00, 0x00, 0x00, 0x9d, 0x74, 0x66,
    0x1a, 0x00, 0x00, 0x00, 0x23, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9c, 0x63, 0x60, 0x10, 0xd1, 0x68,
    0x08, 0x48, 0xa9, 0x68, 0x58, 0xb0, 0xe5, 0x44, 0x03, 0x83, 0x86, 0x4d, 0x40, 0x43, 0x45, 0xcf,
    0x82, 0x86, 0x13, 0x77, 0x3e, 0x34, 0x00, 0x00, 0x7b, 0x6e, 0x0b, 0x71, 0x60, 0xd5, 0x16, 0x6d,
    0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82,
};

class SemanticCli : public TemporaryFolder {
 protected:
  SemanticCli() {
    write_text_file(folder_ / "tiny.yaml", kConfig);
    const auto drawn =
        run_tessera("synth " + street_.string() +
                    " --format ade20k --sequences 1 --val-sequences 1 --frames 3 --size 96x64 "
                    "--seed 1 --quiet");
    EXPECT_EQ(drawn.exit_code, 0) << drawn.err;
  }

  std::string at_street() const {
    return " --threads 1 --set data.dataset.root=" + street_.string() +
           " --set validation.root=" + street_.string() + " ";
  }
  ProgramResult train(const std::string& more = "") const {
    return run_tessera("train " + (folder_ / "tiny.yaml").string() + " --work-dir " +
                       (folder_ / "run").string() + at_street() + more);
  }
  ProgramResult predict(const std::string& input, const std::string& out,
                        const std::string& more = "") const {
    return run_tessera("predict " + (folder_ / "tiny.yaml").string() + " " +
                       (folder_ / "run/last.pth").string() + " " + input + " -o " +
                       (folder_ / out).string() + at_street() + more);
  }

  const fs::path street_ = folder_ / "street";
};

TEST_F(SemanticCli, TrainsPredictsAndEvaluates) {
  const auto trained = train("--seed 2");
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  json validation;
  std::ifstream log(folder_ / "run/log.jsonl");
  for (std::string line; std::getline(log, line);)
    if (json entry = json::parse(line); entry["kind"] == "validation") validation = entry;
  ASSERT_TRUE(validation.contains("mIoU"));

  const auto predicted = predict("val", "out", "--visualize");
  ASSERT_EQ(predicted.exit_code, 0) << predicted.err;
  int overlays = 0;
  for (const auto& path : list_files(folder_ / "out/semantic", ".png")) {
    const LabelMap labels = read_label_png(path);
    EXPECT_EQ(labels.size(), (Size{96, 64}));
    for (const std::uint8_t value : labels.values()) ASSERT_TRUE(value >= 1 && value <= 150);
    overlays += fs::exists(folder_ / "out/overlay" / (path.stem().string() + ".jpg")) ? 1 : 0;
  }
  EXPECT_EQ(overlays, 3);

  // What training validated with, from the files.
  const fs::path annotations = street_ / "annotations/validation";
  const auto scored = run_tessera("eval miou --variant ade20k --gt " + annotations.string() +
                                  " --pred " + (folder_ / "out/semantic").string() + " --json " +
                                  (folder_ / "scores.json").string());
  ASSERT_EQ(scored.exit_code, 0) << scored.err;
  EXPECT_THAT(scored.out, HasSubstr("mFscore"));
  const json scores = json::parse(read_text_file(folder_ / "scores.json"));
  EXPECT_NEAR(100 * scores["mIoU"].get<double>(), validation["mIoU"].get<double>(), 1e-9);
  EXPECT_NEAR(100 * scores["aAcc"].get<double>(), validation["aAcc"].get<double>(), 1e-9);

  const auto views = predict("val", "views",
                             "--set test.mode=slide --set test.crop=[48,48] "
                             "--set test.stride=[32,32] --set test.ratios=[0.75,1] "
                             "--set test.flip=true");
  ASSERT_EQ(views.exit_code, 0) << views.err;
  EXPECT_EQ(list_files(folder_ / "views/semantic", ".png").size(), 3u);
}

TEST_F(SemanticCli, TakesPicturesOfAnyKindAndRefusesAnotherClassCount) {
  ASSERT_EQ(train("--no-validate").exit_code, 0);
  make_directories(folder_ / "photos");
  write_png(folder_ / "photos/dot.png", Image({1, 1}, 3));
  write_png(folder_ / "photos/grey.png", Image({50, 37}, 1));
  write_text_file(folder_ / "photos/alpha.png",
                  std::string(std::begin(kAlphaPng), std::end(kAlphaPng)));
  write_png(folder_ / "photos/deep.png", Image16({50, 37}, 1));
  const auto predicted = predict((folder_ / "photos").string(), "out");
  ASSERT_EQ(predicted.exit_code, 0) << predicted.err;
  EXPECT_EQ(read_label_png(folder_ / "out/semantic/dot.png").size(), (Size{1, 1}));
  EXPECT_EQ(read_label_png(folder_ / "out/semantic/alpha.png").size(), (Size{3, 2}));
  for (const char* name : {"grey.png", "deep.png"})
    EXPECT_EQ(read_label_png(folder_ / "out/semantic" / name).size(), (Size{50, 37})) << name;

  const auto other = predict((folder_ / "photos").string(), "other",
                             "--set model.classes=19 --set classes=kitti-step");
  EXPECT_EQ(other.exit_code, 1);
  EXPECT_THAT(other.err, HasSubstr("decode_head.kernel_generate_head.conv_seg.weight is [150"));
  EXPECT_THAT(other.err, HasSubstr("--load-from"));
  EXPECT_FALSE(fs::exists(folder_ / "other"));
  const auto mixed = predict((folder_ / "photos").string(), "other", "--set classes=kitti-step");
  EXPECT_EQ(mixed.exit_code, 1);
  EXPECT_THAT(mixed.err, HasSubstr("150 classes, but the class list has 19"));
}

TEST_F(SemanticCli, LearnsNothingFromVoid) {
  for (const char* split : {"training", "validation"})
    for (const auto& path : list_files(street_ / "annotations" / split, ".png"))
      write_png(path, LabelMap(read_label_png(path).size(), 1));
  const auto trained = train();
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  std::ifstream log(folder_ / "run/log.jsonl");
  int steps = 0;
  for (std::string line; std::getline(log, line);)
    if (const json entry = json::parse(line); entry["kind"] == "train") {
      EXPECT_EQ(entry["loss"], 0);
      ++steps;
    }
  EXPECT_EQ(steps, 4);
}

}  // namespace
}  // namespace tessera::test
