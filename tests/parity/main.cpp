#include <fmt/core.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstdio>
#include <exception>

#include "parity.h"
#include "runners.h"
#include "tessera/core/error.h"
#include "tessera/core/interrupt.h"

int main(int argc, char** argv) {
  tessera::install_interrupt_handler();
  CLI::App app("Checks what tessera computes against stored numbers of the official systems.",
               "tessera_parity");
  tessera::parity::Options options;
  app.add_option("--golden", options.golden,
                 "Folder with a folder a family, each with a MANIFEST.json")
      ->required();
  app.add_option("--family", options.families, "Run these families only");
  app.add_option("--case", options.case_name, "Run the case of this name only");
  app.footer("Example:\n  tessera_parity --golden tests/golden --family eval");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  try {
    return tessera::parity::run_parity(options, tessera::parity::find_runner, stdout) ? 0 : 1;
  } catch (const tessera::UsageError& error) {
    fmt::print(stderr, "tessera_parity: {}\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    fmt::print(stderr, "tessera_parity: {}\n", error.what());
    return 1;
  }
}
