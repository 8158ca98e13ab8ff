#include "json_compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace tessera::parity {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

bool is_nan(const Json& value) {
  return value.is_null() || (value.is_number_float() && std::isnan(value.get<double>()));
}

double relative_error(double actual, double expected) {
  if (actual == expected) return 0;
  return std::abs(actual - expected) / std::max(std::abs(expected), 1e-300);
}

/// A value as a message shows it: numbers in full, trees by kind.
std::string show(const Json& value) {
  if (value.is_object()) return fmt::format("an object of {} keys", value.size());
  if (value.is_array()) return fmt::format("a list of {}", value.size());
  return value.dump();
}

/// Walks both trees and hands every pair of leaves, and every pair that cannot be walked further,
/// to `visit(path, actual, expected)`; a missing value is passed as a null pointer.
template <class Visit>
void walk(const std::string& path, const Json* actual, const Json& expected, const Visit& visit) {
  if (actual != nullptr && expected.is_object() && actual->is_object()) {
    for (const auto& [key, value] : expected.items()) {
      const auto found = actual->find(key);
      walk(path.empty() ? key : path + "." + key, found == actual->end() ? nullptr : &*found, value,
           visit);
    }
  } else if (actual != nullptr && expected.is_array() && actual->is_array() &&
             expected.size() == actual->size()) {
    for (std::size_t i = 0; i < expected.size(); ++i)
      walk(fmt::format("{}[{}]", path, i), &(*actual)[i], expected[i], visit);
  } else {
    visit(path, actual, expected);
  }
}

/// The relative error of two leaves: 0 when they agree exactly, infinite when they cannot be
/// measured against each other.
double leaf_error(const Json& actual, const Json& expected) {
  if (is_nan(expected) || is_nan(actual)) return is_nan(expected) == is_nan(actual) ? 0 : kInfinity;
  if (expected.is_number_integer() && actual.is_number_integer())
    return actual == expected ? 0 : kInfinity;
  if (expected.is_number() && actual.is_number())
    return relative_error(actual.get<double>(), expected.get<double>());
  return actual == expected ? 0 : kInfinity;
}

}  // namespace

std::vector<JsonDifference> compare_json(const Json& actual, const Json& expected,
                                         double tolerance) {
  std::vector<JsonDifference> differences;
  walk("", &actual, expected, [&](const std::string& path, const Json* a, const Json& e) {
    if (a == nullptr) {
      differences.push_back(
          {path, fmt::format("expected {}, but it is missing", show(e)), kInfinity});
      return;
    }
    const double error = leaf_error(*a, e);
    if (!(error <= tolerance))
      differences.push_back({path, fmt::format("expected {}, got {}", show(e), show(*a)), error});
  });
  return differences;
}

double max_relative_error(const Json& actual, const Json& expected) {
  double worst = 0;
  walk("", &actual, expected, [&](const std::string&, const Json* a, const Json& e) {
    worst = std::max(worst, a == nullptr ? kInfinity : leaf_error(*a, e));
  });
  return worst;
}

}  // namespace tessera::parity
