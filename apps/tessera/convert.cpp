#include <memory>
#include <set>
#include <string>

#include "command.h"
#include "tessera/checkpoint/checkpoint.h"
#include "tessera/core/log.h"

namespace tessera::app {

void add_convert_command(CLI::App& app) {
  struct Options : CommonOptions {
    std::string in, out;
    ConvertOptions convert;
  };
  auto options = std::make_shared<Options>();
  CLI::App* command = add_command(
      app, "convert", "Convert a checkpoint between .pth and .safetensors",
      "tessera convert knet_r50.pth knet_r50.safetensors", *options, [options] {
        const auto notes = convert_checkpoint(options->in, options->out, options->convert);
        for (const std::string& note : std::set<std::string>(notes.begin(), notes.end()))
          spdlog::warn("{}", note);
        spdlog::info("wrote {}", options->out);
      });
  command->add_option("IN", options->in, "Checkpoint to read (never executed)")->required();
  command->add_option("OUT", options->out, "File to write: .safetensors, .pth, .pt or .pth.tar")
      ->required();
  command->add_option("--key", options->convert.key,
                      "Part of IN to take, such as state_dict or ema.model");
  command->add_flag("--strip-module", options->convert.strip_module,
                    "Write the weights only, without DataParallel's prefix 'module.'");
}

}  // namespace tessera::app
