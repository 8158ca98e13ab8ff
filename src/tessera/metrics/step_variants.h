#pragma once

#include <string>
#include <vector>

#include "tessera/metrics/class_quality.h"
#include "tessera/metrics/metric.h"

/// What the variants of VPQ and STQ on KITTI-STEP and VIPSeg share.
namespace tessera {

constexpr int kStepIgnoreLabel = 255;

inline const std::vector<EvalOption> kStepOptions = {EvalOption::kNumClasses,
                                                     EvalOption::kIgnoreLabel, EvalOption::kThings};

/// Which of KITTI-STEP's classes are things.
enum class StepThings {
  kTracked,     ///< 11 and 13, the classes that carry ids
  kAllMovable,  ///< 11 to 18
};

/// The classes of options.variant ("vipseg" or KITTI-STEP's), unless options say otherwise.
std::vector<Category> step_categories(const EvalOptions& options, StepThings things);

}  // namespace tessera
