#pragma once

#include <CLI/App.hpp>

namespace tessera::app {

/// `tessera bench data`.
CLI::App* add_bench_data_command(CLI::App& bench);

}  // namespace tessera::app
