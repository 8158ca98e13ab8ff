#include "tessera/metrics/metric.h"

#include <charconv>

#include "tessera/core/error.h"
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

std::string resolve_variant(const MetricKind& kind, const std::string& variant) {
  if (variant.empty()) return kind.variants.front().name;
  std::vector<std::string> names;
  for (const MetricVariant& candidate : kind.variants) {
    if (candidate.name == variant) return variant;
    names.push_back(candidate.name);
  }
  throw UsageError(fmt::format("{} has no variant '{}'{}; there are {}", kind.name, variant,
                               did_you_mean(variant, names), summarize(names, names.size())));
}

}  // namespace tessera
