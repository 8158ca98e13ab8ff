#include "tessera/metrics/metric.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/core/log.h"
#include "tessera/core/random.h"
#include "tessera/core/text.h"

namespace tessera {
namespace {

/// A whole number that fills all of `text`.
std::optional<int> whole_number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool looks_at(const MetricVariant& variant, EvalOption option) {
  return std::find(variant.options.begin(), variant.options.end(), option) != variant.options.end();
}

/// What is set, with the name that the command line gives it.
std::vector<std::pair<EvalOption, const char*>> set_options(const EvalOptions& options) {
  std::vector<std::pair<EvalOption, const char*>> set;
  const auto add = [&set](bool is_set, EvalOption option, const char* name) {
    if (is_set) set.emplace_back(option, name);
  };
  add(options.gt_folder.has_value(), EvalOption::kPngFolders, "--gt-folder");
  add(options.pred_folder.has_value(), EvalOption::kPngFolders, "--pred-folder");
  add(options.num_classes.has_value(), EvalOption::kNumClasses, "--num-classes");
  add(options.ignore_label.has_value(), EvalOption::kIgnoreLabel, "--ignore-label");
  add(options.things.has_value(), EvalOption::kThings, "--things");
  add(options.windows.has_value(), EvalOption::kWindows, "--windows");
  add(options.frames_per_video.has_value(), EvalOption::kFramesPerVideo, "--frames-per-video");
  add(options.iou_types.has_value(), EvalOption::kIouTypes, "--iou-types");
  add(options.task.has_value(), EvalOption::kTask, "--task");
  add(options.set.has_value(), EvalOption::kSet, "--set");
  return set;
}

}  // namespace

Shard parse_shard(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash != text.npos) {
    const auto index = whole_number(text.substr(0, slash));
    const auto count = whole_number(text.substr(slash + 1));
    if (index && count && *index >= 1 && *index <= *count) return {*index - 1, *count};
  }
  throw UsageError(
      fmt::format("--shard '{}': expected i/n with 1 <= i <= n, for example 2/8", text));
}

void warn_of_extra(const std::filesystem::path& where, std::size_t count,
                   const std::string& example) {
  if (count > 0)
    spdlog::warn("{}: {} predictions without ground truth are ignored, such as {}", where.string(),
                 count, example);
}

void warn_of_extra_files(const std::filesystem::path& folder, const std::string& extension,
                         const std::vector<std::filesystem::path>& known) {
  const std::set<std::filesystem::path> expected(known.begin(), known.end());
  std::vector<std::filesystem::path> extra;
  for (const std::filesystem::path& file : list_files(folder, extension))
    if (expected.count(file) == 0) extra.push_back(file);
  if (!extra.empty()) warn_of_extra(folder, extra.size(), extra.front().filename().string());
}

std::uint64_t dataset_fingerprint(const std::vector<std::string>& units) {
  std::uint64_t hash = fnv1a("units");
  for (const std::string& unit : units) hash = splitmix64(hash ^ fnv1a(unit));
  return hash;
}

const MetricKind& find_metric(std::string_view name) {
  std::vector<std::string> names;
  for (const MetricKind& kind : all_metrics()) {
    if (kind.name == name) return kind;
    names.push_back(kind.name);
  }
  throw UsageError(fmt::format("unknown metric '{}'{}; there are {}", name,
                               did_you_mean(name, names), summarize(names, names.size())));
}

const MetricVariant& find_variant(const MetricKind& kind, const std::string& name) {
  if (name.empty()) return kind.variants.front();
  std::vector<std::string> names;
  for (const MetricVariant& candidate : kind.variants) {
    if (candidate.name == name) return candidate;
    names.push_back(candidate.name);
  }
  throw UsageError(fmt::format("{} has no variant '{}'{}; there are {}", kind.name, name,
                               did_you_mean(name, names), summarize(names, names.size())));
}

bool uses_option(const MetricKind& kind, EvalOption option) {
  return std::any_of(kind.variants.begin(), kind.variants.end(),
                     [&](const MetricVariant& variant) { return looks_at(variant, option); });
}

void check_options(const MetricKind& kind, const MetricVariant& variant,
                   const EvalOptions& options) {
  for (const auto& [option, name] : set_options(options)) {
    if (looks_at(variant, option)) continue;
    std::vector<std::string> others;
    for (const MetricVariant& other : kind.variants)
      if (looks_at(other, option)) others.push_back(other.name);
    throw UsageError(others.empty()
                         ? fmt::format("{} means nothing to {}", name, kind.name)
                         : fmt::format("{} means nothing to {} --variant {}, but to {}", name,
                                       kind.name, variant.name, summarize(others, others.size())));
  }
}

}  // namespace tessera
