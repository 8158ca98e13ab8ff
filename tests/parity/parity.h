#pragma once

#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "report.h"

namespace tessera::parity {

struct Options {
  std::filesystem::path golden;
  std::vector<std::string> families;  ///< empty: every family in the folder
  std::string case_name;              ///< empty: every case
};

/// Runs the cases, prints a line a tensor, then the worst offenders, each failed case's first
/// tensor that is off, and the cases that have no runner. True when everything ran and is within
/// its tolerance.
bool run_parity(const Options& options, const FindRunner& find_runner, std::FILE* out);

}  // namespace tessera::parity
