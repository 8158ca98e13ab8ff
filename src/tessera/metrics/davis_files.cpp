#include <algorithm>
#include <mutex>
#include <sstream>
#include <utility>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/core/text.h"
#include "tessera/core/thread_pool.h"
#include "tessera/image/image_io.h"
#include "tessera/metrics/davis.h"
#include "tessera/metrics/evaluate.h"
#include "tessera/metrics/view_observer.h"

namespace tessera {
namespace fs = std::filesystem;
namespace {

struct SequenceFiles {
  std::string name;
  std::vector<fs::path> truth, prediction;  ///< of the frames that are evaluated
  fs::path first_truth;
};

std::vector<std::string> read_sequence_list(const fs::path& path) {
  std::vector<std::string> names;
  std::istringstream lines(read_text_file(path));
  for (std::string name; lines >> name;) {
    if (std::find(names.begin(), names.end(), name) != names.end())
      fail("{}: sequence '{}' comes twice", path.string(), name);
    names.push_back(name);
  }
  if (names.empty()) fail("{}: there are no sequences", path.string());
  return names;
}

/// Pairs annotations with predictions; what is missing is added to `missing`.
SequenceFiles find_frames(const std::string& name, const fs::path& annotations,
                          const fs::path& predictions, DavisTask task,
                          std::vector<std::string>& missing) {
  SequenceFiles files;
  files.name = name;
  files.truth = list_files(annotations / name, ".png");
  if (files.truth.empty()) fail("{}: there are no frames", (annotations / name).string());
  files.first_truth = files.truth.front();
  if (task == DavisTask::kSemiSupervised) {
    if (files.truth.size() < 3)
      fail("{}: {} frames, of which the first and the last are not evaluated",
           (annotations / name).string(), files.truth.size());
    files.truth.erase(files.truth.begin());
    files.truth.pop_back();
  }
  for (const fs::path& truth : files.truth) {
    files.prediction.push_back(predictions / name / truth.filename());
    std::error_code code;
    if (!fs::exists(files.prediction.back(), code))
      missing.push_back(name + "/" + truth.filename().string());
  }
  return files;
}

/// The first and the last frame may be there though they are not evaluated.
void warn_of_extra_frames(const SequenceFiles& files, const fs::path& predictions) {
  const fs::path folder = predictions / files.name;
  std::vector<fs::path> known;
  for (const fs::path& truth : list_files(files.first_truth.parent_path(), ".png"))
    known.push_back(folder / truth.filename());
  warn_of_extra_files(folder, ".png", known);
}

std::vector<DavisObject> score_sequence(const SequenceFiles& files, DavisTask task) {
  DavisSequence sequence(task, davis_object_count(read_label_png(files.first_truth)));
  for (std::size_t i = 0; i < files.truth.size(); ++i) {
    const LabelMap truth = read_label_png(files.truth[i]);
    const LabelMap prediction = read_label_png(files.prediction[i]);
    with_context(files.prediction[i].string(), [&] { sequence.add(truth, prediction); });
  }
  return sequence.scores();
}

PanopticMap object_map(const LabelMap& labels) {
  IdMap ids(labels.size(), 1);
  std::transform(labels.values().begin(), labels.values().end(), ids.values().begin(),
                 [](std::uint8_t label) -> std::uint32_t {
                   if (label == kDavisVoid) return 0;
                   return label == 0 ? kBackgroundId : label;
                 });
  return describe_ids(std::move(ids), [](std::uint32_t id) {
    Segment segment;
    segment.category = id == kBackgroundId ? kBackgroundCategory : 0;
    segment.track_id = id == kBackgroundId ? -1 : static_cast<std::int64_t>(id);
    return segment;
  });
}

void observe_sequence(const EvalOptions& options, const SequenceFiles& files) {
  observe_views(
      options, files.name, files.truth.size(),
      [files](std::size_t frame) {
        return FrameView{files.truth[frame].stem().string(),
                         object_map(read_label_png(files.truth[frame])),
                         object_map(read_label_png(files.prediction[frame])), false};
      },
      [](const Segment& object) { return fmt::format("object {}", object.id); });
}

EvalResult evaluate_davis(const EvalOptions& options) {
  const DavisTask task = davis_task(options.task.value_or("unsupervised"));
  const std::string set = options.set.value_or("val");
  const fs::path annotations =
      options.gt / (task == DavisTask::kUnsupervised ? "Annotations_unsupervised" : "Annotations") /
      "480p";
  // The lists of the unsupervised task's test sets are of 2019.
  const bool test = task == DavisTask::kUnsupervised && set.starts_with("test");
  const fs::path list = options.gt / "ImageSets" / (test ? "2019" : "2017") / (set + ".txt");
  const std::vector<std::string> names = read_sequence_list(list);

  std::vector<std::string> missing;
  std::vector<SequenceFiles> sequences;
  for (const std::string& name : names)
    sequences.push_back(find_frames(name, annotations, options.pred, task, missing));
  if (!missing.empty())
    fail("{}: {} predicted frames are missing: {}", options.pred.string(), missing.size(),
         summarize(missing));

  for (const SequenceFiles& sequence : sequences) warn_of_extra_frames(sequence, options.pred);

  auto metric = std::make_unique<DavisMetric>(task);
  std::mutex mutex;
  parallel_for(sequences.size(), options.threads, [&](std::size_t i, int) {
    if (!options.shard.takes(i)) return;
    std::vector<DavisObject> objects = score_sequence(sequences[i], task);
    const std::lock_guard lock(mutex);
    metric->add(i, sequences[i].name, std::move(objects));
  });
  if (is_observed(options))
    for (std::size_t i = 0; i < sequences.size(); ++i)
      if (options.shard.takes(i)) observe_sequence(options, sequences[i]);
  return {std::move(metric), dataset_fingerprint(names)};
}

}  // namespace

MetricKind davis_kind() {
  return {"davis",
          "DAVIS 2017: J, F and J&F of video objects",
          "tessera eval davis --gt DAVIS --pred results --task unsupervised",
          {{"davis2017", "davis2017-evaluation", {EvalOption::kTask, EvalOption::kSet}}},
          evaluate_davis,
          DavisMetric::restore};
}

}  // namespace tessera
