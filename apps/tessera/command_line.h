#pragma once

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <functional>

namespace tessera::app {

using AddCommands = std::function<void(CLI::App&)>;

/// Parses a command line and runs the command in it. Returns the exit code: 0 done, 1 failed, 2
/// wrong usage, 128 + signal when one has stopped it; anything but 0 comes with one line on
/// standard error.
int run_command_line(int argc, char** argv, const AddCommands& add_commands);

}  // namespace tessera::app
