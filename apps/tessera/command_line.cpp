#include "command_line.h"

#include <fmt/core.h>
#include <malloc.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <vector>

#include "tessera/core/error.h"
#include "tessera/core/interrupt.h"
#include "tessera/core/text.h"

namespace tessera::app {
namespace {

constexpr int kFailed = 1;
constexpr int kWrongUsage = 2;

/// Keeps freed pictures and tensors for the next ones. By default large ones are mapped anew and
/// given back, and the page faults cost as much as decoding a frame, and an eighth of a network.
void keep_freed_memory() {
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
}

void collect_names(const CLI::App& app, std::vector<std::string>& commands,
                   std::vector<std::string>& options) {
  for (const CLI::Option* option : app.get_options())
    for (const std::string& name : option->get_lnames()) options.push_back("--" + name);
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    commands.push_back(command->get_name());
}

/// The parser's message on one line, with the nearest valid option or command added.
std::string explain(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App* command = &app;
  std::string called = app.get_name();
  while (!command->get_subcommands().empty()) {
    command = command->get_subcommands().front();
    called += " " + command->get_name();
  }
  std::vector<std::string> commands, options;
  collect_names(*command, commands, options);
  for (const std::string& word : command->remaining(true)) {
    const bool is_option = word.rfind('-', 0) == 0;
    const std::string hint =
        did_you_mean(word.substr(0, word.find('=')), is_option ? options : commands);
    if (is_option || !commands.empty())
      return fmt::format("unknown {} '{}'{}; see '{} --help'", is_option ? "option" : "command",
                         word, hint, called);
  }
  std::string message = error.what();
  for (char& c : message)
    if (c == '\n') c = ' ';
  return fmt::format("{}; see '{} --help'", message, called);
}

int parse_and_run(int argc, char** argv, const AddCommands& add_commands) {
  CLI::App app("Image and video segmentation: train, predict, track, evaluate, compare, look.",
               "tessera");
  app.require_subcommand(1);
  app.set_version_flag("--version", TESSERA_VERSION);
  add_commands(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    fmt::print(stderr, "tessera: {}\n", explain(app, error));
    return kWrongUsage;
  }
  return 0;
}

}  // namespace

int run_command_line(int argc, char** argv, const AddCommands& add_commands) {
  install_interrupt_handler();
  keep_freed_memory();
  try {
    return parse_and_run(argc, argv, add_commands);
  } catch (const Interrupted& interrupted) {
    fmt::print(stderr, "tessera: {}\n", interrupted.what());
    return 128 + interrupted.signal();
  } catch (const UsageError& error) {
    fmt::print(stderr, "tessera: {}\n", error.what());
    return kWrongUsage;
  } catch (const Error& error) {
    fmt::print(stderr, "tessera: {}\n", error.what());
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "tessera: out of memory\n");
  } catch (const std::exception& error) {
    // libtorch's messages go on with a stack trace.
    const std::string_view message = error.what();
    fmt::print(stderr, "tessera: {}\n", message.substr(0, message.find('\n')));
  }
  return kFailed;
}

}  // namespace tessera::app
