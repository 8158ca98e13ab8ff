#include "report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "tessera/core/error.h"
#include "tolerance.h"

namespace tessera::parity {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kDefaultJson = 1e-9;

}  // namespace

Report::Report(const Case& c, std::map<std::string, Values> expected, std::FILE* out)
    : case_(c), expected_(std::move(expected)), out_(out) {}

const Values& Report::stored(const std::string& name) const {
  const auto found = expected_.find(name);
  if (found == expected_.end())
    fail("{}/{}: no tensor '{}' is stored", case_.family, case_.name, name);
  used_[name] = true;
  return found->second;
}

Values Report::prepare(const std::string& name, const Values& actual,
                       const Values& expected) const {
  if (actual.shape == expected.shape) return actual;
  Values result = actual;
  for (const char* key : {"steps", "subsample"})
    if (const auto table = case_.data.find(key); table != case_.data.end() && table->is_object())
      if (const Json* steps = find_entry(*table, name))
        result = subsample(result, steps->get<std::vector<std::int64_t>>());
  if (const auto table = case_.data.find("first_rows"); table != case_.data.end())
    if (const Json* rows = find_entry(*table, name))
      result = first_rows(result, rows->get<std::int64_t>());
  if (result.shape != expected.shape && case_.data.contains("vector_rule"))
    result = sample_vector(result);
  return result;
}

void Report::compare(const std::string& name, const Values& actual) {
  const Values& expected = stored(name);
  const Values prepared = prepare(name, actual, expected);
  if (prepared.shape != expected.shape) {
    add({name, kInfinity, 0, true},
        fmt::format("shape {} (of {}), expected {}", format_shape(prepared.shape),
                    format_shape(actual.shape), format_shape(expected.shape)));
    return;
  }
  const Tolerance tolerance = tolerance_of(case_, name, expected.is_integer);
  const Difference difference = measure(prepared, expected);
  const bool within = difference.max_relative <= tolerance.max_relative ||
                      (difference.max_absolute <= tolerance.max_absolute) ||
                      (tolerance.differing_fraction > 0 &&
                       difference.differing_fraction <= tolerance.differing_fraction);
  std::string detail;
  if (tolerance.informational) detail = "informational";
  if (tolerance.differing_fraction > 0)
    detail = fmt::format("{:.4g} % of elements differ, {:.4g} % allowed",
                         100 * difference.differing_fraction, 100 * tolerance.differing_fraction);
  if (!within && detail.empty()) {
    const auto worst = static_cast<std::size_t>(difference.worst_index);
    detail = fmt::format("element {}: expected {:.9g}, got {:.9g}", worst, expected.data[worst],
                         prepared.data[worst]);
  }
  add({name, difference.max_relative, tolerance.max_relative, !within && !tolerance.informational},
      detail);
}

void Report::compare_json(const std::string& name, const Json& actual, const Json& expected,
                          double at_most) {
  double tolerance = tolerance_of(case_, name, false).max_relative;
  if (!case_.data.contains("tolerance")) tolerance = kDefaultJson;
  tolerance = std::min(tolerance, at_most);
  const auto differences = parity::compare_json(actual, expected, tolerance);
  constexpr std::size_t kShown = 5;
  std::string detail;
  for (std::size_t i = 0; i < std::min(kShown, differences.size()); ++i)
    detail += fmt::format("{}{}: {}", i == 0 ? "" : "; ", differences[i].path, differences[i].what);
  if (differences.size() > kShown)
    detail += fmt::format("; and {} more", differences.size() - kShown);
  add({name, max_relative_error(actual, expected), tolerance, !differences.empty()}, detail);
}

void Report::check(const std::string& name, bool holds, const std::string& what) {
  add({name, holds ? 0 : kInfinity, 0, !holds}, holds ? "" : what);
}

bool Report::failed() const {
  return std::any_of(lines_.begin(), lines_.end(), [](const Line& line) { return line.failed; });
}

std::vector<std::string> Report::uncompared() const {
  std::vector<std::string> names;
  for (const auto& [name, values] : expected_)
    if (!used_.contains(name)) names.push_back(name);
  return names;
}

void Report::add(Line line, const std::string& detail) {
  fmt::print(out_, "  {} {:<48} {:.3g} (allowed {:.3g}){}{}\n", line.failed ? "OFF" : "ok ",
             line.name, line.error, line.tolerance, detail.empty() ? "" : "  ", detail);
  lines_.push_back(std::move(line));
}

}  // namespace tessera::parity
