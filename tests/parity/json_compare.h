#pragma once

#include <string>
#include <vector>

#include "manifest.h"

namespace tessera::parity {

/// One place where two JSON trees differ.
struct JsonDifference {
  std::string path;     ///< such as "per_class.7.iou" or "AQ_per_seq[2]"
  std::string what;     ///< "expected 3, got 4"
  double relative = 0;  ///< the relative error of two numbers; infinite for anything else
};

/// Compares what was computed with what is expected: every key of `expected` must be in `actual`
/// (which may have more), lists must have the same length, integers must be equal, floating-point
/// numbers within `tolerance` of each other relative to the expected one, and null stands for NaN.
std::vector<JsonDifference> compare_json(const Json& actual, const Json& expected,
                                         double tolerance);

/// The largest relative error over all floating-point numbers that both trees have.
double max_relative_error(const Json& actual, const Json& expected);

}  // namespace tessera::parity
