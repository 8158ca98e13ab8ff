#include "tessera/inference/benchmark.h"

#include <fmt/core.h>

#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bench_data.h"
#include "command.h"
#include "tessera/core/error.h"
#include "tessera/core/log.h"
#include "tessera/data/synth/synthesize.h"
#include "torch_commands.h"

namespace tessera::app {
namespace {

struct State {
  CommonOptions common;
  std::string config, checkpoint, size, precision = "fp32";
  std::vector<std::string> set;
  BenchmarkOptions options;
  bool as_json = false;
};

constexpr double kMegabyte = 1 << 20;

void print_text(const BenchmarkResult& result, const State& state) {
  fmt::print("{}, {} frames of {}, {} threads, weights {}\n", state.config, result.frames,
             to_string(result.size), state.options.compute.threads,
             state.checkpoint.empty() ? fmt::format("made up from seed {}", state.common.seed)
                                      : "of " + state.checkpoint);
  for (const BenchmarkRun& run : result.runs) {
    fmt::print("\n{:<16}{:>14}{:>9}\n", run.precision, "ms a frame", "share");
    for (const auto& stage : run.stages)
      fmt::print("{:<16}{:>14.2f}{:>8.1f}%\n", stage.name, 1000 * stage.median(),
                 100 * stage.median() / run.frame_seconds);
    fmt::print("{:<16}{:>14.2f}{:>12.2f} frames/s\n", "together", 1000 * run.frame_seconds,
               1 / run.frame_seconds);
    if (run.pipeline_seconds)
      fmt::print("{:<16}{:>14.2f}{:>12.2f} frames/s, reading and writing beside the network\n",
                 "predict", 1000 * *run.pipeline_seconds, 1 / *run.pipeline_seconds);
    fmt::print("{:.1f} segments a frame, {:.0f} MB of memory at most\n", run.segments,
               static_cast<double>(run.peak_memory_bytes) / kMegabyte);
    if (run.segments == 0)
      spdlog::warn("no segment was found: post-processing has little to do; give a checkpoint");
  }
  if (result.agreement)
    fmt::print("\n{} of {} against {}: {}\n", result.agreement->measure, result.runs[1].precision,
               result.runs[0].precision,
               std::isnan(result.agreement->value)
                   ? "undefined, nothing was found"
                   : fmt::format("{:.4f}", result.agreement->value));
}

void print_json(const BenchmarkResult& result, const State& state) {
  nlohmann::ordered_json json = {{"config", state.config},
                                 {"checkpoint", state.checkpoint},
                                 {"frames", result.frames},
                                 {"size", {result.size.width, result.size.height}},
                                 {"threads", state.options.compute.threads}};
  for (const BenchmarkRun& run : result.runs) {
    nlohmann::ordered_json& entry = json["precisions"][run.precision];
    for (const auto& stage : run.stages) entry["stage_seconds"][stage.name] = stage.median();
    entry["frame_seconds"] = run.frame_seconds;
    if (run.pipeline_seconds) entry["pipeline_seconds"] = *run.pipeline_seconds;
    entry["segments"] = run.segments;
    entry["peak_memory_bytes"] = run.peak_memory_bytes;
  }
  if (result.agreement)  // an undefined value becomes null
    json["agreement"] = {{"measure", result.agreement->measure},
                         {"value", result.agreement->value}};
  fmt::print("{}\n", json.dump(2));
}

void bench(State& state) {
  if (state.config.empty()) throw UsageError("bench needs a CONFIG; see 'tessera bench --help'");
  BenchmarkOptions& options = state.options;
  if (!state.size.empty()) {
    if (!options.input.empty())
      throw UsageError("--size is for drawn frames; those of --input have their own");
    options.size = synth::parse_size(state.size);
  }
  if (state.checkpoint.empty())
    options.weights = SeededWeights{state.common.seed};
  else
    options.weights = std::filesystem::path(state.checkpoint);
  options.street_seed = state.common.seed;
  options.compute.threads = state.common.thread_count();
  if (state.precision == "both")
    options.precisions = {"fp32", "bf16"};
  else
    options.precisions = {state.precision};
  const BenchmarkResult result = measure_prediction(Config::load(state.config, state.set), options);
  if (state.as_json)
    print_json(result, state);
  else
    print_text(result, state);
}

}  // namespace

void add_bench_command(CLI::App& app) {
  auto state = std::make_shared<State>();
  auto data = std::make_shared<CLI::App*>(nullptr);
  CLI::App* command = add_command(
      app, "bench", torch_command_description("bench"),
      "tessera bench configs/knet/knet_s3_r50_fpn_1x_coco-panoptic.yaml knet.pth --size 1333x800",
      state->common, [state, data] {
        if (!(*data)->parsed()) bench(*state);
      });
  command->add_option("CONFIG", state->config, "The model's configuration");
  command->add_option("CHECKPOINT", state->checkpoint,
                      ".pth or .safetensors; without one the weights are made up from --seed");
  command->add_option("--input", state->options.input,
                      "A picture, a video, a folder of frames, or a split's name (default: frames "
                      "of the synthetic street)");
  command->add_option("--size", state->size, "Of the drawn frames (default: 1248x384)");
  command->add_option("--frames", state->options.frames, "Frames to measure, after a first one")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  command->add_option("--set", state->set, "Overrides a key of the configuration: a.b=c");
  command->add_option("--device", state->options.compute.device, "cpu, cuda or cuda:N")
      ->capture_default_str();
  command
      ->add_option("--precision", state->precision,
                   "fp32, bf16, or both and how alike their results are")
      ->check(CLI::IsMember({"fp32", "bf16", "both"}))
      ->capture_default_str();
  command->add_flag("--json", state->as_json, "Print JSON");
  *data = add_bench_data_command(*command);
}

}  // namespace tessera::app
