#include <fmt/core.h>

#include <memory>
#include <optional>

#include "command.h"
#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/metrics/metric.h"
#include "tessera/metrics/partial.h"
#include "tessera/report/eval_report.h"

namespace tessera::app {
namespace {
namespace fs = std::filesystem;

/// What one `tessera eval` sub-command was called with.
struct EvalArguments {
  CommonOptions common;
  EvalOptions options;
  std::string shard;
  std::optional<fs::path> json, partial, report;
  std::vector<fs::path> files;  // merge
};

std::string describe_variants(const MetricKind& kind) {
  std::string text = "Whose rules to follow";
  for (const MetricVariant& variant : kind.variants)
    text += fmt::format("; {}{}: {}", variant.name,
                        &variant == &kind.variants[0] ? " (default)" : "", variant.description);
  return text;
}

void print_report(const Report& report, const std::optional<fs::path>& json) {
  if (json) write_text_file(*json, report.json.dump(2) + "\n");
  for (const Table& table : report.tables) fmt::print("{}\n", to_text(table));
}

void run_metric(const MetricKind& kind, EvalArguments& arguments) {
  EvalOptions options = arguments.options;
  const MetricVariant& variant = find_variant(kind, options.variant);
  check_options(kind, variant, options);
  options.variant = variant.name;
  options.threads = arguments.common.thread_count();
  if (!arguments.shard.empty()) options.shard = parse_shard(arguments.shard);
  if (options.shard.count > 1 && !arguments.partial)
    throw UsageError("--shard needs --partial FILE: a shard's numbers mean nothing by themselves");
  if (arguments.report && options.shard.count > 1)
    throw UsageError("--report needs the whole data set, not a --shard of it");
  WorstJudged worst;
  if (arguments.report) {
    check_report_folder(*arguments.report);
    options.on_frame = [&](const FrameQuality& frame) { worst.add(frame); };
    options.on_track = [&](const TrackQuality& track) { worst.add(track); };
  }
  const EvalResult result = kind.evaluate(options);
  if (arguments.partial)
    write_partial(*arguments.partial, kind.name, options.variant, options.shard, result);
  if (options.shard.count > 1) return;
  const Report report = result.metric->report();
  if (arguments.report)
    write_eval_report(*arguments.report,
                      {kind.name, options.variant, options.gt.string(), options.pred.string()},
                      report, worst);
  print_report(report, arguments.json);
}

/// The options that only some metrics know.
void add_own_options(CLI::App& command, const MetricKind& kind, EvalOptions& options) {
  const auto uses = [&](EvalOption option) { return uses_option(kind, option); };
  if (uses(EvalOption::kPngFolders)) {
    command.add_option("--gt-folder", options.gt_folder, "Folder of the ground truth's PNGs");
    command.add_option("--pred-folder", options.pred_folder, "Folder of the predicted PNGs");
  }
  if (uses(EvalOption::kNumClasses))
    command.add_option("--num-classes", options.num_classes, "Number of classes")
        ->check(CLI::Range(1, 65535));
  if (uses(EvalOption::kIgnoreLabel))
    command.add_option("--ignore-label", options.ignore_label, "Class of unlabelled pixels")
        ->check(CLI::Range(0, 65535));
  if (uses(EvalOption::kThings))
    command.add_option("--things", options.things, "Thing classes, as 11,13")->delimiter(',');
  if (uses(EvalOption::kWindows))
    command.add_option("--windows", options.windows, "Window lengths in frames, as 1,2,3,4")
        ->delimiter(',')
        ->check(at_least(1));
  if (uses(EvalOption::kFramesPerVideo))
    command
        .add_option("--frames-per-video", options.frames_per_video,
                    "Labelled frames a video (vpsnet)")
        ->check(at_least(1));
  if (uses(EvalOption::kIouTypes))
    command
        .add_option("--iou-types", options.iou_types,
                    "What is compared: segm,bbox (default: all that the results hold)")
        ->delimiter(',');
  if (uses(EvalOption::kTask))
    command.add_option("--task", options.task, "unsupervised (default) or semi-supervised");
  if (uses(EvalOption::kSet))
    command.add_option("--set", options.set, "List of sequences: val (default), train, test-dev");
}

void add_metric_command(CLI::App& eval, const MetricKind& kind) {
  auto arguments = std::make_shared<EvalArguments>();
  EvalOptions& options = arguments->options;
  CLI::App* command =
      add_command(eval, kind.name, kind.description, kind.example, arguments->common,
                  [&kind, arguments] { run_metric(kind, *arguments); });
  command->add_option("--gt", options.gt, "Ground truth: a folder or a JSON file")
      ->required()
      ->check(CLI::ExistingPath);
  command->add_option("--pred", options.pred, "Predictions: a folder or a JSON file")
      ->required()
      ->check(CLI::ExistingPath);
  command->add_option("--variant", options.variant, describe_variants(kind));
  command->add_option("--json", arguments->json,
                      "Write the numbers at full precision to this file");
  command->add_option("--report", arguments->report,
                      "Write a page with tables, bars, the worst frames and tracks to this folder");
  command->add_option("--shard", arguments->shard, "Evaluate part i of n, as i/n");
  command->add_option("--partial", arguments->partial,
                      "Write the counts to this file, for 'tessera eval merge'");
  add_own_options(*command, kind, options);
}

void add_merge_command(CLI::App& eval) {
  auto arguments = std::make_shared<EvalArguments>();
  CLI::App* command = add_command(eval, "merge", "Put the partial results of all shards together",
                                  "tessera eval merge part1.json part2.json --json result.json",
                                  arguments->common, [arguments] {
                                    const MergedPartials merged = merge_partials(arguments->files);
                                    print_report(merged.counts->report(), arguments->json);
                                  });
  command->add_option("files", arguments->files, "Files written with --partial")
      ->required()
      ->check(CLI::ExistingFile);
  command->add_option("--json", arguments->json,
                      "Write the numbers at full precision to this file");
}

}  // namespace

void add_eval_command(CLI::App& app) {
  CLI::App* eval = app.add_subcommand("eval", "Compute a metric as its official program does");
  eval->require_subcommand(1);
  eval->footer("Example:\n  tessera eval stq --gt video_sequence/val --pred results/panoptic");
  for (const MetricKind& kind : all_metrics()) add_metric_command(*eval, kind);
  add_merge_command(*eval);
}

}  // namespace tessera::app
