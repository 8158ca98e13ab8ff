#include "tessera/metrics/partial.h"

#include <map>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/core/text.h"

namespace tessera {
namespace fs = std::filesystem;
namespace {

constexpr int kFormat = 1;

/// What must agree between the shards of one evaluation.
struct Evaluation {
  std::string metric, variant;
  std::uint64_t dataset = 0;
  int shards = 0;
  friend bool operator==(const Evaluation&, const Evaluation&) = default;
};

struct Partial {
  Evaluation evaluation;
  int shard = 0;  ///< from 1
  std::unique_ptr<Metric> counts;
};

Partial read_partial(const fs::path& path) {
  const std::string text = read_text_file(path);
  try {
    const auto json = nlohmann::json::parse(text);
    if (json.at("tessera_partial") != kFormat)
      fail("{}: a partial result of another format version", path.string());
    Partial partial;
    partial.evaluation = {json.at("metric"), json.at("variant"), json.at("dataset"),
                          json.at("shards")};
    partial.shard = json.at("shard");
    partial.counts = find_metric(partial.evaluation.metric).restore(json.at("counts"));
    return partial;
  } catch (const nlohmann::json::exception& error) {
    fail("{}: not a partial result of 'tessera eval --partial' ({})", path.string(), error.what());
  }
}

}  // namespace

void write_partial(const fs::path& path, const std::string& metric, const std::string& variant,
                   Shard shard, const EvalResult& result) {
  const nlohmann::json json = {
      {"tessera_partial", kFormat},     {"metric", metric},         {"variant", variant},
      {"dataset", result.dataset},      {"shard", shard.index + 1}, {"shards", shard.count},
      {"counts", result.metric->save()}};
  write_text_file(path, json.dump() + "\n");
}

MergedPartials merge_partials(const std::vector<fs::path>& files) {
  if (files.empty()) throw UsageError("no partial results given");
  std::map<int, fs::path> seen;
  Evaluation evaluation;
  MergedPartials merged;
  for (const fs::path& file : files) {
    Partial partial = read_partial(file);
    if (seen.empty()) {
      evaluation = partial.evaluation;
      merged = {evaluation.metric, evaluation.variant, std::move(partial.counts)};
    } else if (!(partial.evaluation == evaluation)) {
      fail("{}: belongs to another evaluation ({} {}, {} shards) than {} ({} {}, {} shards)",
           file.string(), partial.evaluation.metric, partial.evaluation.variant,
           partial.evaluation.shards, seen.begin()->second.string(), evaluation.metric,
           evaluation.variant, evaluation.shards);
    } else if (seen.count(partial.shard) != 0) {
      fail("{}: shard {}/{} is already in {}", file.string(), partial.shard, evaluation.shards,
           seen[partial.shard].string());
    } else {
      merged.counts->merge(*partial.counts);
    }
    seen.emplace(partial.shard, file);
  }
  std::vector<std::string> missing;
  for (int shard = 1; shard <= evaluation.shards; ++shard)
    if (seen.count(shard) == 0) missing.push_back(fmt::format("{}/{}", shard, evaluation.shards));
  if (!missing.empty()) fail("{} shards are missing: {}", missing.size(), summarize(missing));
  return merged;
}

}  // namespace tessera
