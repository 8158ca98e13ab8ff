#pragma once

#include <string>
#include <string_view>

#include "manifest.h"

namespace tessera::parity {

/// How far one tensor may be off.
struct Tolerance {
  bool informational = false;     ///< reported, never a failure
  double max_relative = 0;        ///< of max|a-b| / max|b|
  double max_absolute = 0;        ///< or of max|a-b| itself
  double differing_fraction = 0;  ///< or this share of elements may differ by anything
};

/// True when `name` is what `pattern` means; '*' stands for any text.
bool matches(std::string_view pattern, std::string_view name);

/// The tolerance that a case's manifest states for a tensor. From the most to the least specific:
/// the case's `tolerance` and `compare` entries (names and patterns; null means informational; "at
/// most 0.1 % of pixels" a share), `tolerance_<name>`, `tolerance_f64` for "f64." tensors; then the
/// family's `tolerance` and `default_tolerance`. Where nothing is said, integers are exact and
/// floating-point tensors within 1e-4.
Tolerance tolerance_of(const Case& c, const std::string& tensor, bool is_integer);

/// The entry for a tensor in a table such as `steps` or `subsample`, or null. A name is found as
/// it stands, without its "f0." prefix, without its "/0" ending, with "stageS" for "stage0", or by
/// a pattern.
const Json* find_entry(const Json& table, const std::string& tensor);

}  // namespace tessera::parity
