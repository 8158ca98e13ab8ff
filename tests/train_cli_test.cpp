#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <vector>

#include "tessera/core/file.h"
#include "test_support.h"

namespace tessera::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::HasSubstr;

/// A street of a few small frames and a network that is trained in moments: its backbone is frozen.
constexpr const char* kConfig = R"(
model:
  type: knet
  backbone: {type: resnet, depth: 18, frozen_stages: 4, norm_eval: true}
  channels: 32
  proposals: 6
  thing_classes: 2
  stuff_classes: 17
  stages: 1
  attention_heads: 2
  feedforward_channels: 32
classes: kitti-step
test: {scale: {long: 96, short: 64}}
data:
  dataset: {format: kitti-step, root: street, split: train}
  pipeline:
    steps:
      - {kind: resize, scales: [{long: 96, short: 64}]}
      - {kind: flip}
  loader: {batch_size: 1, workers: 1}
validation: {format: kitti-step, root: street, split: val}
train:
  iterations: 6
  optimizer: {lr: 0.001, max_norm: 1}
  log_every: 1
  checkpoint_every: 3
  validate_every: 6
)";

class TrainCli : public TemporaryFolder {
 protected:
  TrainCli() {
    write_text_file(folder_ / "tiny.yaml", kConfig);
    const auto made = run_tessera("synth " + (folder_ / "street").string() +
                                  " --format kitti-step --sequences 1 --frames 4 --size 96x64 "
                                  "--seed 1 --quiet");
    EXPECT_EQ(made.exit_code, 0) << made.err;
  }

  std::string command(const std::string& run, const std::string& more = "") const {
    return "train " + (folder_ / "tiny.yaml").string() + " --threads 1 --work-dir " +
           (folder_ / run).string() + " --set data.dataset.root=" + (folder_ / "street").string() +
           " --set validation.root=" + (folder_ / "street").string() + " " + more;
  }
  std::string program() const { return tessera_binary().string() + " "; }
  fs::path checkpoint(const std::string& run, int iteration) const {
    return folder_ / run / ("iteration_" + std::to_string(iteration) + ".pth");
  }
  std::vector<json> log(const std::string& run, const std::string& kind) const {
    std::vector<json> lines;
    std::ifstream file(folder_ / run / "log.jsonl");
    for (std::string line; std::getline(file, line);)
      if (json parsed = json::parse(line); parsed["kind"] == kind) lines.push_back(parsed);
    return lines;
  }
  /// Runs a training and stops it with `signal` as soon as `file` is there.
  ProgramResult run_and_stop(const std::string& arguments, const fs::path& file,
                             const std::string& signal) const {
    return run_shell(program() + arguments + " & pid=$!; for i in $(seq 600); do [ -s " +
                     file.string() + " ] && break; sleep 0.05; done; kill -" + signal +
                     " $pid; wait $pid");
  }
  void expect_same_end(const std::string& a, const std::string& b) const {
    EXPECT_TRUE(read_file(checkpoint(a, 6)) == read_file(checkpoint(b, 6)));
    const auto one = log(a, "train"), other = log(b, "train");
    ASSERT_EQ(one.size(), 6u);
    ASSERT_EQ(other.size(), 6u);
    for (std::size_t i = 0; i < one.size(); ++i) {
      EXPECT_EQ(one[i]["iteration"], other[i]["iteration"]);
      EXPECT_EQ(one[i]["loss"], other[i]["loss"]);
    }
  }
};

TEST_F(TrainCli, TrainsValidatesAndPredicts) {
  const auto run = run_tessera(command("run", "--seed 3"));
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.err, HasSubstr("iteration 6/6"));
  EXPECT_EQ(log("run", "validation").size(), 1u);
  EXPECT_TRUE(log("run", "validation")[0].contains("PQ All"));
  for (const char* file : {"config.yaml", "report.html", "best.pth", "iteration_3.pth"})
    EXPECT_TRUE(fs::exists(folder_ / "run" / file)) << file;

  const std::string predict = "predict " + (folder_ / "run/config.yaml").string() + " " +
                              checkpoint("run", 6).string() + " val -o " +
                              (folder_ / "out").string() + " --visualize --threads 1";
  const auto predicted = run_tessera(predict);
  ASSERT_EQ(predicted.exit_code, 0) << predicted.err;
  const json results = json::parse(read_text_file(folder_ / "out/results.panoptic.json"));
  EXPECT_FALSE(results["annotations"].empty());
  EXPECT_THAT(run_tessera(predict).err, HasSubstr("out"));  // holds something already
}

TEST_F(TrainCli, AKilledTrainingGoesOnBitForBit) {
  ASSERT_EQ(run_tessera(command("whole")).exit_code, 0);
  run_and_stop(command("killed"), checkpoint("killed", 3), "KILL");
  const auto resumed = run_tessera(command("killed", "--resume"));
  ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
  expect_same_end("whole", "killed");
}

TEST_F(TrainCli, SigtermSavesAndEnds) {
  ASSERT_EQ(run_tessera(command("whole")).exit_code, 0);
  const auto stopped = run_and_stop(command("stopped"), folder_ / "stopped/log.jsonl", "TERM");
  EXPECT_EQ(stopped.exit_code, 128 + 15) << stopped.err;
  EXPECT_FALSE(list_files(folder_ / "stopped", ".pth").empty());
  ASSERT_EQ(run_tessera(command("stopped", "--resume")).exit_code, 0);
  expect_same_end("whole", "stopped");
}

// Every iteration saves, so most of the moments are in a save.
TEST_F(TrainCli, KilledAtAnyMomentTheNewestCheckpointIsWholeAndGoesOnBitForBit) {
  std::mt19937 random(7);
  const std::string often =
      "--no-validate --set train.checkpoint_every=1 --set train.log_every=1000 --set "
      "train.iterations=";
  const auto newest = [&] {
    return run_shell("ls -v " + (folder_ / "run").string() +
                     "/iteration_*.pth 2>/dev/null | tail -1")
        .out;
  };
  for (int round = 0; round < 20; ++round) {
    const int milliseconds = std::uniform_int_distribution<>(0, 200)(random);
    // The clock starts with this run's first save: loading takes long and differs by machine.
    const std::string before = newest();
    run_shell(program() + command("run", "--resume " + often + "100000") +
              " & pid=$!; for i in $(seq 3000); do [ \"$(ls -v " + (folder_ / "run").string() +
              "/iteration_*.pth 2>/dev/null | tail -1)\" != '" +
              before.substr(0, before.find('\n')) + "' ] && break; sleep 0.02; done; sleep " +
              std::to_string(milliseconds / 1000.0) + "; kill -KILL $pid; wait $pid");
    const auto inspected = run_tessera("inspect " + newest());
    EXPECT_EQ(inspected.exit_code, 0) << inspected.err;
  }
  const fs::path last = newest();
  const int done = std::stoi(last.stem().string().substr(10));
  EXPECT_GE(done, 20);
  const std::string to_the_end = often + std::to_string(done + 2);
  ASSERT_EQ(run_tessera(command("run", "--resume " + to_the_end)).exit_code, 0);
  ASSERT_EQ(run_tessera(command("whole", to_the_end)).exit_code, 0);
  EXPECT_TRUE(read_file(folder_ / "run/last.pth") == read_file(folder_ / "whole/last.pth"));
}

TEST_F(TrainCli, ALossThatIsNoNumberNamesItsSamples) {
  const auto run =
      run_tessera(command("run",
                          "--no-validate --set train.optimizer.lr=1e30 --set "
                          "train.optimizer.max_norm=0 --set train.checkpoint_every=1"));
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.err, HasSubstr("loss"));
  EXPECT_THAT(run.err, HasSubstr("iteration"));
  EXPECT_THAT(run.err, HasSubstr("learning rate"));
}

TEST_F(TrainCli, AGradientThatIsInfiniteNamesItsSamples) {
  // The loss itself still is a number.
  const auto run = run_tessera(
      command("run", "--no-validate --set 'train.optimizer.rules=[{pattern: fc_mask, lr: 1e25}]'"));
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.err, HasSubstr("iteration 2: the norm of the gradients is inf on 0000/"));
}

TEST_F(TrainCli, OutOfMemorySaysWhatToLower) {
  const auto run = run_shell(
      "ulimit -v 4000000; " + program() +
      command("run",
              "--no-validate --set model.backbone.frozen_stages=-1 --set "
              "data.loader.prefetch=1 --set "
              "'data.pipeline.steps=[{kind: resize, scales: [{long: 4800, short: 3200}]}]'"));
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.err, HasSubstr("out of memory"));
  EXPECT_THAT(run.err, HasSubstr("data.loader.batch_size"));
}

TEST_F(TrainCli, AnUnreadableSampleIsSkippedUpToALimit) {
  const auto files =
      run_shell("find " + (folder_ / "street").string() +
                " -name '*.png' -path '*train*' | grep -v panoptic | sort | head -1");
  const std::string file = files.out.substr(0, files.out.find('\n'));
  fs::resize_file(file, 100);
  const auto refused = run_tessera(command("refused", "--no-validate"));
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.err, HasSubstr(fs::path(file).filename().string()));
  const auto skipped =
      run_tessera(command("skipped", "--no-validate --set data.loader.max_skipped=9"));
  EXPECT_EQ(skipped.exit_code, 0) << skipped.err;
  EXPECT_THAT(skipped.err, HasSubstr("skipped"));
  EXPECT_GE(log("skipped", "train").back()["skipped_samples"].get<int>(), 1);
}

TEST_F(TrainCli, AFullDiskKeepsTheCheckpointBefore) {
  const std::string often = "--no-validate --set train.checkpoint_every=1";
  ASSERT_EQ(run_tessera(command("run", often + " --set train.iterations=1")).exit_code, 0);
  const auto before = read_file(checkpoint("run", 1));
  const auto full =
      run_shell("trap '' XFSZ; ulimit -f 1000; " + program() + command("run", often + " --resume"));
  EXPECT_EQ(full.exit_code, 1);
  EXPECT_THAT(full.err, HasSubstr("iteration_2.pth"));
  EXPECT_TRUE(before == read_file(checkpoint("run", 1)));
  EXPECT_FALSE(fs::exists(checkpoint("run", 2)));
}

TEST_F(TrainCli, TwoProcessesTrainTogether) {
  const auto run = run_tessera(command("run", "--no-validate --nproc 2 --set train.iterations=2"));
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(log("run", "train").size(), 2u);
}

TEST_F(TrainCli, TwoProcessesValidateAsOne) {
  const std::string fixed =
      "--set train.optimizer.lr=0 --set train.iterations=2 --set "
      "train.validate_every=2 --set train.checkpoint_every=2";
  ASSERT_EQ(run_tessera(command("one", fixed)).exit_code, 0);
  const auto two = run_tessera(command("two", fixed + " --nproc 2"));
  ASSERT_EQ(two.exit_code, 0) << two.err;
  ASSERT_EQ(log("two", "validation").size(), 1u);
  EXPECT_EQ(log("one", "validation"), log("two", "validation"));
}

TEST_F(TrainCli, NormsAreSynchronisedWhereAConfigurationAsks) {
  const std::string norms =
      "--no-validate --set train.iterations=2 --set train.checkpoint_every=2 --set "
      "model.backbone.norm_eval=false --set model.backbone.frozen_stages=3 --nproc 2 --set "
      "train.norm=";
  ASSERT_EQ(run_tessera(command("local", norms + "local")).exit_code, 0);
  const auto run = run_tessera(command("sync", norms + "sync"));
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_NE(log("local", "train").back()["loss"], log("sync", "train").back()["loss"]);
}

TEST_F(TrainCli, RecomputedActivationsTrainTheSame) {
  const std::string deep =
      "--no-validate --set model.backbone.frozen_stages=1 --set "
      "model.backbone.norm_eval=false --set train.iterations=2";
  ASSERT_EQ(run_tessera(command("kept", deep)).exit_code, 0);
  ASSERT_EQ(run_tessera(command("again", deep + " --set model.backbone.recompute=true")).exit_code,
            0);
  const double loss = log("kept", "train").back()["loss"];
  EXPECT_NEAR(log("again", "train").back()["loss"].get<double>(), loss, 1e-3 * loss);
}

TEST_F(TrainCli, WhenOneProcessDiesAllEnd) {
  const auto run = run_shell(
      program() + command("run", "--no-validate --nproc 2 --set train.iterations=100000") +
      " & pid=$!; for i in $(seq 1200); do [ -s " + (folder_ / "run/log.jsonl").string() +
      " ] && break; sleep 0.05; done; kill -KILL $(pgrep -P $pid | tail -1); "
      "timeout 30 tail --pid=$pid -f /dev/null || kill -KILL $pid; wait $pid");
  EXPECT_EQ(run.exit_code, 1);  // within the 30 seconds
  EXPECT_THAT(run.err, HasSubstr("process 1 of 2 was ended by signal 9"));
}

// As Slurm starts them: nobody else ends the process that is left.
TEST_F(TrainCli, AProcessWhosePartnerDiesEndsByItself) {
  const std::string start = "SLURM_NTASKS=2 SLURM_JOB_NODELIST=127.0.0.1 MASTER_PORT=29737 ";
  const std::string train =
      program() + command("run", "--no-validate --set train.iterations=100000");
  const auto run = run_shell(
      "export " + start + "; SLURM_PROCID=1 " + train + " & other=$!; SLURM_PROCID=0 " + train +
      " & pid=$!; for i in $(seq 1200); do [ -s " + (folder_ / "run/log.jsonl").string() +
      " ] && break; sleep 0.05; done; kill -KILL $other; timeout 30 tail --pid=$pid -f /dev/null "
      "|| kill -KILL $pid; wait $pid");
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.err, HasSubstr("rank 0 of 2"));
  EXPECT_THAT(run.err, HasSubstr("another process has ended"));
}

TEST_F(TrainCli, AProcessThatDoesNotComeIsNamed) {
  const auto run = run_shell("RANK=0 WORLD_SIZE=2 MASTER_PORT=29731 " + program() +
                             command("run", "--no-validate --join-timeout 2"));
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.err, HasSubstr("rank 0 of 2"));
  const auto wrong = run_shell("RANK=3 WORLD_SIZE=2 " + program() + command("run"));
  EXPECT_EQ(wrong.exit_code, 1);
  EXPECT_THAT(wrong.err, HasSubstr("RANK is 3"));
}

TEST_F(TrainCli, APortThatIsTakenIsSaid) {
  const auto run = run_shell(
      "python3 -c 'import socket,time; s=socket.socket(); s.bind((\"\",29732)); s.listen(); "
      "time.sleep(8)' & sleep 0.5; RANK=0 WORLD_SIZE=2 MASTER_PORT=29732 " +
      program() + command("run", "--no-validate --join-timeout 2"));
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.err, HasSubstr("MASTER_PORT"));
}

TEST_F(TrainCli, WhatWouldHappenIsShownWithoutDoingIt) {
  const auto run = run_tessera(command("run", "--dry-run"));
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("training samples      4"));
  for (const char* estimate : {"memory", "seconds a step", "time an epoch"})
    EXPECT_THAT(run.out, HasSubstr(estimate));
  EXPECT_FALSE(fs::exists(folder_ / "run"));
}

TEST_F(TrainCli, MistakesAreNamed) {
  EXPECT_THAT(run_tessera(command("run", "--set train.epochz=3")).err, HasSubstr("epochs"));
  EXPECT_THAT(run_tessera(command("run", "--set model.type=knett")).err, HasSubstr("knet"));
  EXPECT_THAT(run_tessera(command("run", "--set model.thing_classes=3")).err,
              HasSubstr("thing_classes"));
  EXPECT_THAT(run_tessera(command("run", "--load-from nothing.pth")).err, HasSubstr("nothing.pth"));
  EXPECT_THAT(run_tessera(command("run", "--precision fp16")).err, HasSubstr("bf16"));
  EXPECT_THAT(run_tessera(command("run", "--device cuda")).err, HasSubstr("no CUDA device"));
  ASSERT_EQ(run_tessera(command("run", "--no-validate")).exit_code, 0);
  EXPECT_THAT(run_tessera(command("run")).err, HasSubstr("--resume"));
  const auto tuned =
      run_tessera(command("tuned", "--no-validate --set model.proposals=9 --load-from " +
                                       checkpoint("run", 6).string()));
  EXPECT_EQ(tuned.exit_code, 0) << tuned.err;
  EXPECT_THAT(tuned.err, HasSubstr("rpn_head.init_kernels.weight is [6, 32, 1, 1] in the file"));
}

}  // namespace
}  // namespace tessera::test
