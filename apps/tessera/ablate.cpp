#include <fmt/core.h>

#include <memory>
#include <string>

#include "command.h"
#include "tessera/core/file.h"
#include "tessera/core/log.h"
#include "tessera/training/ablation.h"
#include "torch_commands.h"

namespace tessera::app {

void add_ablate_command(CLI::App& app) {
  struct State {
    CommonOptions common;
    std::string study, out;
    AblationOptions options;
  };
  auto state = std::make_shared<State>();
  CLI::App* command = add_command(
      app, "ablate", torch_command_description("ablate"),
      "tessera ablate configs/ablation/kernel_update.yaml -o work_dirs/kernel_update",
      state->common, [state] {
        const Ablation ablation = read_ablation(state->study);
        state->options.out = state->out.empty() ? "work_dirs/" + ablation.name : state->out;
        state->options.threads = state->common.thread_count();
        run_ablation(ablation, state->options);
        fmt::print("{}", read_text_file(state->options.out / "table.md"));
        spdlog::info("{} variants in {}", ablation.variants.size(), state->options.out.string());
      });
  AblationOptions& options = state->options;
  command->add_option("STUDY", state->study, "The study: a configuration and its factors")
      ->required();
  command->add_option("-o,--out", state->out,
                      "Where everything goes; work_dirs/ and the study's name without it");
  command->add_option("--set", options.set, "Overrides a key of the configuration: a.b=c");
  command->add_option("--load-from", options.load_from,
                      "Weights that every variant starts from that names none of its own");
  command->add_option("--precision", options.precision, "Of the trainings: fp32 or bf16")
      ->check(CLI::IsMember({"fp32", "bf16"}))
      ->capture_default_str();
  command->add_option("--jobs", options.jobs, "Trainings at the same time")
      ->check(at_least(1))
      ->capture_default_str();
  command->add_option("--nproc", options.processes, "Processes of each training on this machine")
      ->check(at_least(1))
      ->capture_default_str();
}

}  // namespace tessera::app
