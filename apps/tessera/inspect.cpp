#include <fmt/core.h>

#include <memory>
#include <string>

#include "command.h"
#include "tessera/checkpoint/checkpoint.h"

namespace tessera::app {

void add_inspect_command(CLI::App& app) {
  struct Options : CommonOptions {
    std::string path, key;
    bool json = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* command =
      add_command(app, "inspect", "Show what a checkpoint holds: names, shapes, dtypes, bytes",
                  "tessera inspect knet_r50.pth --json", *options, [options] {
                    const Checkpoint checkpoint = open_checkpoint(options->path, options->key);
                    fmt::print("{}", options->json ? checkpoint_json(checkpoint)
                                                   : checkpoint_table(checkpoint));
                  });
  command->add_option("PATH", options->path, "Checkpoint: .pth, .pt, .pkl or .safetensors")
      ->required();
  command->add_option("--key", options->key, "Part of a PyTorch file, such as optimizer.state");
  command->add_flag("--json", options->json, "Print JSON");
}

}  // namespace tessera::app
