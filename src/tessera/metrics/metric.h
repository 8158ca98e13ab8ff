#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tessera/metrics/frame_view.h"
#include "tessera/metrics/table.h"

/// What `tessera eval` and every metric agree on. A metric is three things:
///  - a class that counts: add a frame pair from memory, merge another one, report. It never
///  touches
///    a disk and is what a training loop calls (pq.h, vpq.h, stq.h, miou.h, ...).
///  - a reader that walks a data set's files and feeds that class (pq_files.h, ...).
///  - an entry in all_metrics() (registry.cpp) that names both for the command line; nothing else
///  is
///    needed to give a new metric its sub-command, --json, --shard, --partial and merging.
namespace tessera {

/// A part of the evaluation: this one takes the units (pictures or sequences) u with
/// u % count == index.
struct Shard {
  int index = 0;
  int count = 1;
  bool takes(std::size_t unit) const {
    return unit % static_cast<std::size_t>(count) == static_cast<std::size_t>(index);
  }
};
/// "2/8" (the first is 1/8); UsageError for anything else.
Shard parse_shard(std::string_view text);

/// Warns of predictions that no ground truth asks for; nothing when `count` is 0.
void warn_of_extra(const std::filesystem::path& where, std::size_t count,
                   const std::string& example);

/// The same for the PNG or text files of a folder that are not among `known`.
void warn_of_extra_files(const std::filesystem::path& folder, const std::string& extension,
                         const std::vector<std::filesystem::path>& known);

/// What is to be evaluated and how. Unset options take the variant's own value.
struct EvalOptions {
  std::filesystem::path gt, pred;
  std::optional<std::filesystem::path> gt_folder, pred_folder;  ///< PNGs beside a JSON file
  std::string variant;                                          ///< empty: the metric's first one
  std::optional<int> num_classes, ignore_label;
  std::optional<std::vector<int>> things;
  std::optional<std::vector<int>> windows;            ///< VPQ: lengths in frames
  std::optional<int> frames_per_video;                ///< VPQ on Cityscapes-VPS
  std::optional<std::vector<std::string>> iou_types;  ///< COCO: "segm", "bbox"
  std::optional<std::string> task, set;               ///< DAVIS: "unsupervised", "val"
  int threads = 1;
  Shard shard;
  /// Called in the data set's order, by one thread at a time; they cost nothing when empty.
  std::function<void(const FrameQuality&)> on_frame;
  std::function<void(const TrackQuality&)> on_track;
};

/// Pixels of each true class (row) that are predicted as each class; the last column may be "no
/// class".
struct ClassConfusion {
  std::vector<std::string> rows, columns;
  std::vector<std::vector<std::int64_t>> counts;
};

/// What a metric has to say: the official keys (and more) at full precision, and tables to print.
struct Report {
  nlohmann::ordered_json json;
  std::vector<Table> tables;
  std::optional<ClassConfusion> confusion;
  /// The few numbers that people quote, as (name, text).
  std::vector<std::pair<std::string, std::string>> headline;
};

/// Counts of a metric. They add up exactly: merging parts in any order and grouping gives the very
/// same report as counting everything at once.
class Metric {
 public:
  virtual ~Metric() = default;
  virtual Report report() const = 0;
  /// Adds the counts of another metric of the same class and settings.
  virtual void merge(const Metric& other) = 0;
  /// Everything needed to restore() it.
  virtual nlohmann::json save() const = 0;
};

struct EvalResult {
  std::unique_ptr<Metric> metric;
  std::uint64_t dataset = 0;  ///< dataset_fingerprint() of all units, whatever the shard
};

/// A hash of the units' names, so that parts of different data sets are never merged.
std::uint64_t dataset_fingerprint(const std::vector<std::string>& units);

/// The members of EvalOptions that mean something to some evaluations only.
enum class EvalOption {
  kPngFolders,
  kNumClasses,
  kIgnoreLabel,
  kThings,
  kWindows,
  kFramesPerVideo,
  kIouTypes,
  kTask,
  kSet
};

struct MetricVariant {
  std::string name, description;
  std::vector<EvalOption> options = {};  ///< those that it looks at
};

/// An entry of the command line.
struct MetricKind {
  std::string name, description, example;
  std::vector<MetricVariant> variants;  ///< the first is the default
  std::function<EvalResult(const EvalOptions&)> evaluate;
  std::function<std::unique_ptr<Metric>(const nlohmann::json& saved)> restore;
};

const std::vector<MetricKind>& all_metrics();
/// UsageError that names the nearest one when there is none.
const MetricKind& find_metric(std::string_view name);
/// The variant of that name (UsageError when there is none), or the default one.
const MetricVariant& find_variant(const MetricKind& kind, const std::string& name);
/// Whether any variant of the metric looks at the option.
bool uses_option(const MetricKind& kind, EvalOption option);
/// UsageError when an option is set that the variant does not look at.
void check_options(const MetricKind& kind, const MetricVariant& variant,
                   const EvalOptions& options);

}  // namespace tessera
