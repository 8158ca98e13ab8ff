#pragma once

#include <cstdint>
#include <vector>

#include "tessera/core/config.h"

namespace tessera {

/// How the learning rate runs over a training, with the arithmetic of mmcv's hooks.
struct LrScheduleOptions {
  enum class Policy { kConstant, kStep, kPoly, kCosine };
  Policy policy = Policy::kConstant;
  bool by_epoch = true;  ///< it changes between epochs; otherwise between iterations
  std::vector<std::int64_t> steps = {};  ///< kStep: epochs or iterations after which the rate falls
  double gamma = 0.1;                    ///< kStep: to this share
  double power = 1;                      ///< kPoly
  double min_lr = 0;                     ///< kPoly, kCosine: where it ends
  std::int64_t warmup_iterations = 0;
  double warmup_ratio = 0.001;  ///< of the rate, at iteration 0; it then grows linearly
};
void read_fields(ConfigReader& reader, LrScheduleOptions& options);

/// Where a training stands.
struct TrainingPosition {
  std::int64_t iteration = 0;  ///< that comes next
  std::int64_t iterations = 0;
  std::int64_t iterations_per_epoch = 1;
};

/// The rate of the next iteration for parameters whose base rate is `base`.
double learning_rate(const LrScheduleOptions& options, double base,
                     const TrainingPosition& position);

}  // namespace tessera
