#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tessera/core/config.h"
#include "tessera/training/lr_schedule.h"
#include "tessera/training/optimizer.h"
#include "tessera/training/processes.h"

namespace tessera {

/// The section `train` of a configuration.
struct TrainOptions {
  std::int64_t epochs = 12;
  std::int64_t iterations = 0;  ///< instead of epochs, when it is not 0
  OptimizerOptions optimizer;
  LrScheduleOptions schedule;
  int accumulate = 1;  ///< batches whose gradients make one step
  enum class Norm { kLocal, kSync };
  Norm norm = Norm::kLocal;     ///< kSync: batch norms take their statistics over all processes
  double average_decay = 0;     ///< of the moving average of weights that is validated; 0: none
  std::int64_t log_every = 50;  ///< iterations
  std::int64_t checkpoint_every = 0;  ///< iterations; 0: an epoch
  std::int64_t validate_every = 0;    ///< iterations; 0: an epoch
  int keep = 3;                       ///< newest checkpoints that stay; the best one stays besides
};
void read_fields(ConfigReader& reader, TrainOptions& options);

/// What the command line says.
struct TrainRequest {
  std::filesystem::path work_dir;
  std::filesystem::path load_from;  ///< weights to start from, as far as they fit
  bool resume = false;              ///< go on from the newest checkpoint in the work folder
  bool validate = true;
  bool dry_run = false;  ///< say what would happen, and end
  std::uint64_t seed = 0;
  int threads = 1;
  std::string device = "cpu";
  std::string precision = "fp32";
  ProcessPlace place;
  int join_timeout = 60;  ///< seconds to wait for the other processes
};

/// Trains the model of a configuration on its data. Files in the work folder: config.yaml
/// (resolved), log.jsonl, report.html, iteration_N.pth, best.pth, last.pth (weights alone,
/// averaged), events.out.tfevents.*.
void train(const Config& config, const TrainRequest& request);

}  // namespace tessera
