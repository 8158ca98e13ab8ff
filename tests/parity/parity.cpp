#include "parity.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <utility>

#include "stored_tensors.h"
#include "tessera/core/error.h"
#include "tessera/core/interrupt.h"
#include "tessera/core/text.h"

namespace tessera::parity {
namespace {

struct Offender {
  std::string case_name;
  Report::Line line;
};

/// What all cases together came to.
struct Summary {
  int passed = 0;
  std::vector<std::string> failures;  ///< a case, and the first thing in it that is off
  std::vector<Offender> offenders;
  std::vector<std::string> not_run;
};

std::map<std::string, Values> stored_tensors_of(const Case& c) {
  const auto file = c.data.find("file");
  if (file == c.data.end() || !file->is_string()) return {};
  const std::filesystem::path path = c.file("file");
  return path.extension() == ".safetensors" ? read_stored_tensors(path)
                                            : std::map<std::string, Values>{};
}

void run_case(const Case& c, const FindRunner& find_runner, std::FILE* out, Summary& summary) {
  const std::string name = c.family + "/" + c.name;
  const Runner runner = find_runner(c);
  if (!runner) {
    fmt::print(out, "{}: cannot run yet, there is no runner for it\n", name);
    summary.not_run.push_back(name);
    return;
  }
  fmt::print(out, "{}\n", name);
  std::string first_off;
  try {
    Report report(c, stored_tensors_of(c), out);
    runner(c, report);
    for (const Report::Line& line : report.lines()) {
      if (!line.failed) continue;
      if (first_off.empty()) first_off = line.name;
      summary.offenders.push_back({name, line});
    }
    if (const auto missing = report.uncompared(); !missing.empty())
      fmt::print(out, "  {} stored tensors were not compared: {}\n", missing.size(),
                 summarize(missing));
    if (report.lines().empty()) first_off = "nothing was compared";
  } catch (const Interrupted&) {
    throw;
  } catch (const std::exception& error) {
    first_off = error.what();
    fmt::print(out, "  OFF {}\n", error.what());
  }
  if (first_off.empty()) {
    ++summary.passed;
  } else {
    summary.failures.push_back(fmt::format("{}: first off: {}", name, first_off));
  }
}

void print_summary(Summary summary, std::FILE* out) {
  constexpr std::size_t kWorst = 10;
  if (!summary.offenders.empty()) {
    std::stable_sort(
        summary.offenders.begin(), summary.offenders.end(),
        [](const Offender& a, const Offender& b) { return a.line.error > b.line.error; });
    fmt::print(out, "\nworst offenders:\n");
    for (std::size_t i = 0; i < std::min(kWorst, summary.offenders.size()); ++i)
      fmt::print(out, "  {:.3g} (allowed {:.3g})  {}  {}\n", summary.offenders[i].line.error,
                 summary.offenders[i].line.tolerance, summary.offenders[i].case_name,
                 summary.offenders[i].line.name);
  }
  if (!summary.failures.empty()) fmt::print(out, "\nfailed cases:\n");
  for (const std::string& failure : summary.failures) fmt::print(out, "  {}\n", failure);
  if (!summary.not_run.empty()) fmt::print(out, "\ncannot run yet:\n");
  for (const std::string& name : summary.not_run) fmt::print(out, "  {}\n", name);
  fmt::print(out, "\n{} cases passed, {} failed, {} cannot run yet\n", summary.passed,
             summary.failures.size(), summary.not_run.size());
}

}  // namespace

bool run_parity(const Options& options, const FindRunner& find_runner, std::FILE* out) {
  const std::vector<std::string> known = list_families(options.golden);
  for (const std::string& family : options.families)
    if (std::find(known.begin(), known.end(), family) == known.end())
      throw UsageError(fmt::format("no family '{}' in {}{}", family, options.golden.string(),
                                   did_you_mean(family, known)));
  Summary summary;
  std::vector<std::string> names;
  bool any = false;
  for (const std::string& family : options.families.empty() ? known : options.families)
    for (const Case& c : read_manifest(options.golden, family)) {
      check_interrupt();
      names.push_back(c.name);
      if (!options.case_name.empty() && c.name != options.case_name) continue;
      any = true;
      run_case(c, find_runner, out, summary);
    }
  if (!any)
    throw UsageError(
        fmt::format("no case '{}'{}", options.case_name, did_you_mean(options.case_name, names)));
  const bool passed = summary.failures.empty() && summary.not_run.empty();
  print_summary(std::move(summary), out);
  return passed;
}

}  // namespace tessera::parity
