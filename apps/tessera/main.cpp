#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string_view>

#include "command.h"
#include "command_line.h"
#include "torch_commands.h"

namespace tessera::app {
namespace {

bool needs_torch(std::string_view command) {
  return std::any_of(kTorchCommands.begin(), kTorchCommands.end(),
                     [command](const TorchCommand& known) { return command == known.name; });
}

/// libgomp's threads wait for each other by spinning, which costs a busy machine many times the
/// work itself; after this many rounds (a few microseconds) they sleep. libgomp reads it when it is
/// loaded.
void bound_spinning() { ::setenv("GOMP_SPINCOUNT", "20000", /*overwrite=*/0); }

/// Goes on as tessera-torch, which stands beside this program. Returns only when that fails.
int become_torch_program(char** argv) {
  const std::filesystem::path program =
      std::filesystem::read_symlink("/proc/self/exe").replace_filename("tessera-torch");
  bound_spinning();
  ::execv(program.c_str(), argv);
  fmt::print(stderr, "tessera: {}: {}; it belongs beside tessera, install both\n", program.string(),
             std::strerror(errno));
  return 1;
}

void add_commands(CLI::App& app) {
  add_convert_command(app);
  add_eval_command(app);
  add_prepare_command(app);
  add_synth_command(app);
  // Listed for --help and for "did you mean"; a call of one never gets here.
  for (const TorchCommand& command : kTorchCommands)
    app.add_subcommand(command.name, command.description);
}

}  // namespace
}  // namespace tessera::app

int main(int argc, char** argv) {
  if (argc > 1 && tessera::app::needs_torch(argv[1]))
    return tessera::app::become_torch_program(argv);
  return tessera::app::run_command_line(argc, argv, tessera::app::add_commands);
}
