#include <fmt/ranges.h>

#include <memory>
#include <string>

#include "command.h"
#include "tessera/data/prepare/prepare.h"

namespace tessera::app {

void add_prepare_command(CLI::App& app) {
  struct State {
    CommonOptions common;
    PrepareOptions options;
    std::string dataset;
    bool copy = false;
  };
  auto state = std::make_shared<State>();
  CLI::App* command = add_command(
      app, "prepare", "Bring a downloaded dataset into the layout that training reads",
      "tessera prepare kitti-step downloads/kitti data/kitti-step", state->common, [state] {
        state->options.placing = state->copy ? Placing::kCopy : Placing::kHardLink;
        state->options.seed = state->common.seed;
        state->options.threads = state->common.thread_count();
        prepare_dataset(state->dataset, state->options);
      });
  command
      ->add_option("DATASET", state->dataset,
                   fmt::format("One of {}", fmt::join(preparable_datasets(), ", ")))
      ->required();
  command->add_option("SRC", state->options.source, "Folder of the download")->required();
  command->add_option("DST", state->options.destination, "Folder to write; may be SRC")->required();
  command->add_flag("--copy", state->copy, "Copy pictures instead of hard-linking them");
}

}  // namespace tessera::app
