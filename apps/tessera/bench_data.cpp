#include <fmt/core.h>

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bench_data.h"
#include "command.h"
#include "tessera/core/config.h"
#include "tessera/data/loader/data_config.h"

namespace tessera::app {
namespace {

void print_text(const LoaderStatistics& statistics, double seconds) {
  const double frames = static_cast<double>(statistics.frames);
  double busy = 0;
  for (const auto& [stage, spent] : statistics.stages) busy += spent;
  fmt::print("{} frames in {:.2f} s: {:.1f} frames a second; waited {:.2f} s for the workers\n",
             statistics.frames, seconds, frames / seconds, statistics.wait_seconds);
  fmt::print("{:<16}{:>14}{:>9}\n", "stage", "ms a frame", "share");
  for (const auto& [stage, spent] : statistics.stages)
    fmt::print("{:<16}{:>14.3f}{:>8.1f}%\n", stage, 1000 * spent / frames, 100 * spent / busy);
}

void print_json(const LoaderStatistics& statistics, double seconds) {
  const nlohmann::ordered_json json = {{"frames", statistics.frames},
                                       {"seconds", seconds},
                                       {"frames_per_second", statistics.frames / seconds},
                                       {"wait_seconds", statistics.wait_seconds},
                                       {"stage_seconds", statistics.stages}};
  fmt::print("{}\n", json.dump(2));
}

}  // namespace

CLI::App* add_bench_data_command(CLI::App& bench) {
  struct State {
    CommonOptions common;
    std::string config;
    std::vector<std::string> overrides;
    int batches = 50;
    bool as_json = false;
  };
  auto state = std::make_shared<State>();
  CLI::App* command = add_command(
      bench, "data", "Speed of reading and transforming training samples, stage by stage",
      "tessera bench data configs/data/kitti_step.yaml --set dataset.root=street", state->common,
      [state] {
        DataConfig config = Config::load(state->config, state->overrides).read<DataConfig>();
        config.loader.sampler.seed = state->common.seed;
        if (state->common.threads > 0) config.loader.workers = state->common.threads;
        const OpenedClips opened = open_clips(config);
        Loader loader(*opened.clips, config.loader);
        const auto start = std::chrono::steady_clock::now();
        for (int i = 0; i < state->batches; ++i) loader.next();
        const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
        (state->as_json ? print_json : print_text)(loader.statistics(), seconds.count());
      });
  command->add_option("CONFIG", state->config, "Dataset, pipeline and loader")->required();
  command->add_option("--set", state->overrides, "Override a value: a.b=c");
  command->add_option("--batches", state->batches, "Batches to load")
      ->check(at_least(1))
      ->capture_default_str();
  command->add_flag("--json", state->as_json, "Print JSON");
  return command;
}

}  // namespace tessera::app
