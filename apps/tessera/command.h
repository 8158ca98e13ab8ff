#pragma once

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <CLI/Validators.hpp>
#include <cstdint>
#include <functional>
#include <string>

namespace tessera::app {

/// The flags that every command takes.
struct CommonOptions {
  bool quiet = false;
  bool verbose = false;
  std::uint64_t seed = 0;
  int threads = 0;  ///< 0: every processor

  /// The number of threads that --threads means.
  int thread_count() const;
};

/// Adds a command with the common flags and an example under its help. `run` is called once the
/// whole line is parsed.
CLI::App* add_command(CLI::App& app, const std::string& name, const std::string& description,
                      const std::string& example, CommonOptions& common, std::function<void()> run);

/// For options that take a whole number from `least` on.
CLI::Validator at_least(std::int64_t least);

// One function a command, each in a file of its own.
void add_convert_command(CLI::App& app);
void add_bench_command(CLI::App& app);
void add_eval_command(CLI::App& app);
void add_info_command(CLI::App& app);
void add_inspect_command(CLI::App& app);
void add_predict_command(CLI::App& app);
void add_prepare_command(CLI::App& app);
void add_synth_command(CLI::App& app);
void add_ablate_command(CLI::App& app);
void add_train_command(CLI::App& app);
void add_visualize_command(CLI::App& app);

}  // namespace tessera::app
