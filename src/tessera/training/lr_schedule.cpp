#include "tessera/training/lr_schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace tessera {
namespace {

double without_warmup(const LrScheduleOptions& options, double base,
                      const TrainingPosition& position) {
  const std::int64_t unit = options.by_epoch ? position.iterations_per_epoch : 1;
  const std::int64_t done = position.iteration / unit;
  const auto share = static_cast<double>(done) / static_cast<double>(position.iterations / unit);
  switch (options.policy) {
    case LrScheduleOptions::Policy::kConstant:
      return base;
    case LrScheduleOptions::Policy::kStep: {
      const auto passed = std::count_if(options.steps.begin(), options.steps.end(),
                                        [done](std::int64_t step) { return done >= step; });
      return base * std::pow(options.gamma, passed);
    }
    case LrScheduleOptions::Policy::kPoly:
      return (base - options.min_lr) * std::pow(1 - share, options.power) + options.min_lr;
    case LrScheduleOptions::Policy::kCosine:
      return options.min_lr +
             0.5 * (base - options.min_lr) * (std::cos(std::numbers::pi * share) + 1);
  }
  return base;
}

}  // namespace

void read_fields(ConfigReader& reader, LrScheduleOptions& options) {
  using Policy = LrScheduleOptions::Policy;
  reader.read("policy", options.policy,
              {{"constant", Policy::kConstant},
               {"step", Policy::kStep},
               {"poly", Policy::kPoly},
               {"cosine", Policy::kCosine}});
  reader.read("by_epoch", options.by_epoch);
  reader.read("steps", options.steps);
  reader.read("gamma", options.gamma, {.low = 0});
  reader.read("power", options.power, {.low = 0});
  reader.read("min_lr", options.min_lr, {.low = 0});
  reader.read("warmup_iterations", options.warmup_iterations, {.low = 0});
  reader.read("warmup_ratio", options.warmup_ratio, {.low = 0, .high = 1});
}

double learning_rate(const LrScheduleOptions& options, double base,
                     const TrainingPosition& position) {
  const double rate = without_warmup(options, base, position);
  if (position.iteration >= options.warmup_iterations) return rate;
  const double share =
      static_cast<double>(position.iteration) / static_cast<double>(options.warmup_iterations);
  return rate * (1 - (1 - share) * (1 - options.warmup_ratio));
}

}  // namespace tessera
