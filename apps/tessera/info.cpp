#include <fmt/core.h>

#include <memory>

#include "command.h"

namespace tessera::app {

void add_info_command(CLI::App& app) {
  auto common = std::make_shared<CommonOptions>();
  add_command(app, "info", "Show versions, devices, CPU features and threads", "tessera info",
              *common, [common] {
                fmt::print("tessera {}\n", TESSERA_VERSION);
                fmt::print("threads {}\n", common->thread_count());
              });
}

}  // namespace tessera::app
