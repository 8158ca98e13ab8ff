#include <algorithm>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "command.h"
#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/core/log.h"
#include "tessera/core/thread_pool.h"
#include "tessera/training/launcher.h"
#include "tessera/training/trainer.h"
#include "torch_commands.h"

namespace tessera::app {
namespace {

/// The command line of each of the processes that --nproc asks for: this one's without it, and with
/// its share of the processors unless --threads says how many threads each has.
std::vector<std::string> arguments_of_ranks(int processes, int threads) {
  const auto bytes = read_file("/proc/self/cmdline");
  std::vector<std::string> kept;
  bool skip_value = false;
  for (auto start = bytes.begin(); start != bytes.end();) {
    const auto end = std::find(start, bytes.end(), 0);
    const std::string argument(start, end);
    start = end == bytes.end() ? end : end + 1;
    if (std::exchange(skip_value, false)) continue;
    skip_value = argument == "--nproc" || argument == "--threads";
    if (!skip_value && !argument.starts_with("--nproc=") && !argument.starts_with("--threads="))
      kept.push_back(argument);
  }
  if (threads == 0) threads = std::max(1, resolve_threads(0) / processes);
  kept.insert(kept.end(), {"--threads", std::to_string(threads)});
  return kept;
}

}  // namespace

void add_train_command(CLI::App& app) {
  struct State {
    CommonOptions common;
    std::string config, work_dir, load_from;
    std::vector<std::string> set;
    TrainRequest request;
    int processes = 0;
    bool no_validate = false;
  };
  auto state = std::make_shared<State>();
  CLI::App* command = add_command(
      app, "train", torch_command_description("train"),
      "tessera train configs/knet/street.yaml --work-dir runs/street", state->common, [state] {
        if (state->processes > 1) {
          const auto arguments = arguments_of_ranks(state->processes, state->common.threads);
          const int code = launch_processes(arguments, state->processes);
          if (code != 0) fail("training with {} processes has failed", state->processes);
          return;
        }
        const Config config = Config::load(state->config, state->set);
        TrainRequest& request = state->request;
        const std::string name = std::filesystem::path(state->config).stem().string();
        request.work_dir = state->work_dir.empty() ? "work_dirs/" + name : state->work_dir;
        request.load_from = state->load_from;
        request.validate = !state->no_validate;
        request.seed = state->common.seed;
        request.threads = state->common.thread_count();
        request.place = place_from_environment();
        if (request.place.rank > 0) set_up_logging(Verbosity::kQuiet);
        train(config, request);
      });
  TrainRequest& request = state->request;
  command->add_option("CONFIG", state->config, "The experiment's configuration")->required();
  command->add_option("--set", state->set, "Overrides a key of the configuration: a.b=c");
  command->add_option("--work-dir", state->work_dir,
                      "Where everything goes; work_dirs/ and the configuration's name without it");
  command->add_option("--load-from", state->load_from,
                      "Weights to start from; what does not fit is listed and left as it is");
  command->add_flag("--resume", request.resume, "Go on from the newest checkpoint in the folder");
  command->add_flag("--no-validate", state->no_validate, "Do not validate");
  command->add_flag(
      "--dry-run", request.dry_run,
      "Show the resolved configuration, data and parameters, try a few steps, and end");
  command->add_option("--device", request.device, "cpu, cuda or cuda:N")->capture_default_str();
  command->add_option("--precision", request.precision, "fp32, bf16 or (on CUDA) fp16")
      ->check(CLI::IsMember({"fp32", "bf16", "fp16"}))
      ->capture_default_str();
  command
      ->add_option("--join-timeout", request.join_timeout,
                   "Seconds to wait for the other processes, and for a step of theirs")
      ->check(at_least(1))
      ->capture_default_str();
  command->add_option("--nproc", state->processes, "Processes to start on this machine")
      ->check(at_least(1));
}

}  // namespace tessera::app
