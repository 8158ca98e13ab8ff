#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tessera/metrics/metric.h"

/// Results of shards on disk: small JSON files that hold exact counts.
namespace tessera {

/// Writes what one shard counted.
void write_partial(const std::filesystem::path& path, const std::string& metric,
                   const std::string& variant, Shard shard, const EvalResult& result);

/// The shards of one evaluation, put together.
struct MergedPartials {
  std::string metric, variant;
  std::unique_ptr<Metric> counts;
};

/// Reads partial results in any order. An Error when a file is no partial result, when they belong
/// to different evaluations, or when a shard is missing or comes twice.
MergedPartials merge_partials(const std::vector<std::filesystem::path>& files);

}  // namespace tessera
