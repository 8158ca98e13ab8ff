#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "tessera/core/config.h"

namespace tessera {

/// One combination of the factors' values.
struct Variant {
  std::string name;                    ///< the values' names, joined
  std::vector<std::string> overrides;  ///< as --set takes them
  std::string load_from;               ///< weights to start from; empty: none
};

/// A study: every variant is trained, predicts a split of the validation data, and is scored.
struct Ablation {
  std::string name;
  std::filesystem::path config;
  std::string split = "val";
  std::vector<std::uint64_t> seeds = {0};
  std::vector<Variant> variants;
};

/// Reads a study; docs/ablation.md describes the file.
Ablation read_ablation(const std::filesystem::path& path);

struct AblationOptions {
  std::filesystem::path out;
  std::vector<std::string> set;  ///< overrides of every variant
  std::string load_from;         ///< weights to start from where a variant has none of its own
  std::string precision = "fp32";
  int threads = 1;
  int jobs = 1;       ///< trainings at the same time, each with its share of the threads
  int processes = 1;  ///< of each training
};

/// What became of a variant with one seed.
struct AblationRun {
  std::size_t variant = 0;
  std::uint64_t seed = 0;
  std::filesystem::path training;  ///< shared by variants that differ in their tests only
  std::filesystem::path predictions;
  std::vector<std::pair<std::string, double>> scores;  ///< in percent
};

/// Trains, predicts and scores what is not done yet, one after the other or `jobs` at a time, and
/// writes table.md, table.csv, results.json and report.html. Called again after an interruption it
/// goes on.
std::vector<AblationRun> run_ablation(const Ablation& ablation, const AblationOptions& options);

}  // namespace tessera
