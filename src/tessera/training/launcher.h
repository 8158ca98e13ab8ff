#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace tessera {

/// Runs `arguments` as `count` processes of this machine, which find each other through torchrun's
/// environment variables. When one ends with an error, the others are ended and its exit code is
/// the result; 0 when all are done. Signals are passed on.
int launch_processes(const std::vector<std::string>& arguments, int count);

/// Runs this program with other arguments (the first is its name), what it prints going into a
/// file, and gives its exit code. Ctrl-C ends it first.
int run_program(const std::vector<std::string>& arguments, const std::filesystem::path& log);

}  // namespace tessera
