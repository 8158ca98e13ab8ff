#include <fmt/format.h>

#include <functional>
#include <map>

#include "runners.h"
#include "tessera/metrics/metric.h"

namespace tessera::parity {
namespace {

namespace fs = std::filesystem;

/// The arithmetic is the official one in double precision; only the order of sums may differ.
constexpr double kTolerance = 1e-12;
using nlohmann::json;

template <class T>
std::optional<T> setting(const Case& c, const char* key) {
  const Json& settings = c.data.at("settings");
  return settings.contains(key) ? std::optional<T>(settings.at(key).get<T>()) : std::nullopt;
}

/// A file or folder that the case names, relative to its own folder.
fs::path path_of(const Case& c, const std::string& name) {
  return c.folder / c.data.at("dir").get<std::string>() / name;
}

EvalOptions read_options(const Case& c) {
  EvalOptions options;
  options.gt = path_of(c, c.data.at("gt"));
  options.pred = path_of(c, c.data.at("pred"));
  if (const auto folder = setting<std::string>(c, "gt_folder"))
    options.gt_folder = path_of(c, *folder);
  if (const auto folder = setting<std::string>(c, "pred_folder"))
    options.pred_folder = path_of(c, *folder);
  options.variant = c.data.at("protocol");
  options.num_classes = setting<int>(c, "num_classes");
  options.ignore_label = setting<int>(c, "ignore_label");
  options.things = setting<std::vector<int>>(c, "things");
  options.windows = setting<std::vector<int>>(c, "windows_nframes");
  options.frames_per_video = setting<int>(c, "frames_per_video");
  return options;
}

/// The report of `shards` parts, each saved, restored and merged, the last one first.
std::string merged_report(const MetricKind& kind, EvalOptions options, int shards) {
  std::unique_ptr<Metric> merged;
  for (int shard = shards - 1; shard >= 0; --shard) {
    options.shard = {shard, shards};
    const std::string saved = kind.evaluate(options).metric->save().dump();
    std::unique_ptr<Metric> part = kind.restore(json::parse(saved));
    if (merged == nullptr)
      merged = std::move(part);
    else
      merged->merge(*part);
  }
  return merged->report().json.dump();
}

/// The official numbers, then the very same report for other threads and splits.
void run_one_prediction(const Case& c, parity::Report& report) {
  const MetricKind& kind = find_metric(c.data.at("metric").get<std::string>());
  EvalOptions options = read_options(c);
  options.variant = find_variant(kind, options.variant).name;
  const nlohmann::ordered_json whole = kind.evaluate(options).metric->report().json;
  report.compare_json("official", Json::parse(whole.dump()),
                      read_json(path_of(c, c.data.at("expected"))), kTolerance);
  for (const int threads : {2, 4}) {
    options.threads = threads;
    report.check(fmt::format("threads {}", threads),
                 kind.evaluate(options).metric->report().json.dump() == whole.dump(),
                 "the report differs from that of one thread");
    report.check(fmt::format("shards {}", threads),
                 merged_report(kind, options, threads) == whole.dump(),
                 "the merged report differs from the unsharded one");
  }
}

/// The report of each IoU type, which may have predictions of its own.
nlohmann::ordered_json coco_report(const Case& c, const MetricKind& kind, int threads, int shards) {
  nlohmann::ordered_json whole;
  for (const auto& [type, pred] : c.data.at("pred").items()) {
    EvalOptions options;
    options.gt = path_of(c, c.data.at("gt"));
    options.pred = path_of(c, pred);
    options.variant = find_variant(kind, c.data.at("protocol")).name;
    options.iou_types = std::vector<std::string>{type};
    options.threads = threads;
    whole[type] = nlohmann::ordered_json::parse(merged_report(kind, options, shards)).at(type);
  }
  return whole;
}

using ReportOf = nlohmann::ordered_json (*)(const Case&, const MetricKind&, int threads,
                                            int shards);

void run_many_predictions(const Case& c, parity::Report& report, ReportOf report_of) {
  const MetricKind& kind = find_metric(c.data.at("metric").get<std::string>());
  const nlohmann::ordered_json whole = report_of(c, kind, 1, 1);
  report.compare_json("official", Json::parse(whole.dump()),
                      read_json(path_of(c, c.data.at("expected"))), kTolerance);
  for (const int threads : {2, 4}) {
    report.check(fmt::format("threads {}", threads), report_of(c, kind, threads, 1) == whole,
                 "the report differs from that of one thread");
    report.check(fmt::format("shards {}", threads), report_of(c, kind, 1, threads) == whole,
                 "the merged report differs from the unsharded one");
  }
}

/// The report of each task, which has predictions of its own.
nlohmann::ordered_json davis_report(const Case& c, const MetricKind& kind, int threads,
                                    int shards) {
  nlohmann::ordered_json whole;
  for (const auto& [task, pred] : c.data.at("pred").items()) {
    EvalOptions options;
    options.gt = path_of(c, c.data.at("gt"));
    options.pred = path_of(c, pred);
    options.variant = find_variant(kind, c.data.at("protocol")).name;
    options.set = setting<std::string>(c, "set");
    options.task = task;
    options.threads = threads;
    whole[task] = nlohmann::ordered_json::parse(merged_report(kind, options, shards)).at(task);
  }
  return whole;
}

void run_davis(const Case& c, parity::Report& report) {
  run_many_predictions(c, report, davis_report);
}

void run_coco(const Case& c, parity::Report& report) {
  run_many_predictions(c, report, coco_report);
}

}  // namespace

Runner find_eval_runner(const Case& c) {
  static const std::map<std::string, Runner> kRunners = {
      {"pq", run_one_prediction},    {"vpq", run_one_prediction}, {"stq", run_one_prediction},
      {"miou", run_one_prediction},  {"coco", run_coco},          {"davis", run_davis},
      {"ytvis", run_one_prediction}, {"mots", run_one_prediction}};
  const auto runner = kRunners.find(c.data.at("metric").get<std::string>());
  return runner == kRunners.end() ? Runner() : runner->second;
}

}  // namespace tessera::parity
