#include <algorithm>
#include <map>
#include <set>

#include "tessera/core/error.h"
#include "tessera/core/text.h"
#include "tessera/image/image_io.h"
#include "tessera/metrics/evaluate.h"
#include "tessera/metrics/ordered_frames.h"
#include "tessera/metrics/panoptic_json.h"
#include "tessera/metrics/pq.h"
#include "tessera/metrics/step_files.h"
#include "tessera/metrics/step_observer.h"
#include "tessera/metrics/step_variants.h"
#include "tessera/metrics/street_classes.h"
#include "tessera/metrics/track_recorder.h"
#include "tessera/metrics/view_observer.h"
#include "tessera/metrics/vpq.h"
#include "tessera/metrics/vpq_vipseg.h"

namespace tessera {
namespace fs = std::filesystem;
namespace {

constexpr int kCityscapesFramesPerVideo = 6;

double frame_quality(const PairTable& table, const VpqSettings& settings) {
  ClassQualities counts;
  match_videoknet(table, settings, counts);
  return coco_averages(counts, settings.categories).all.pq;
}

VpqSettings step_settings(const EvalOptions& options, std::vector<int> windows) {
  VpqSettings settings;
  settings.categories = step_categories(options, StepThings::kTracked);
  settings.ignore_label = options.ignore_label.value_or(kStepIgnoreLabel);
  settings.windows = options.windows.value_or(std::move(windows));
  return settings;
}

EvalResult evaluate_kitti_step(const EvalOptions& options) {
  const VpqSettings settings = step_settings(options, {1, 2, 3, 4});
  auto metric = std::make_unique<VideoPanopticQuality>(settings);
  StepObserver observer(options, settings.categories, settings.ignore_label);
  const std::uint64_t dataset = for_each_step_frame(
      options, [&](const StepPair& pair) { metric->begin_sequence(pair.order, pair.gt.name); },
      [&](const StepPair& pair, std::size_t frame, const PairTable& table) {
        metric->add_frame({table, {}, {}});
        observer.add(pair, frame, table, [&] { return frame_quality(table, settings); });
      });
  return {std::move(metric), dataset};
}

EvalResult evaluate_vipseg(const EvalOptions& options) {
  const VpqSettings settings = step_settings(options, {1, 2, 4, 6});
  auto metric = std::make_unique<VipSegVpq>(settings);
  // What the script's windows have become at each video, whatever the shard.
  std::vector<std::vector<int>> script_lengths;
  std::vector<int> lengths = settings.windows;
  for (const StepSequence& video : list_step_tree(options.gt).sequences) {
    for (int& length : lengths)
      length = std::min(length, std::max(1, static_cast<int>(video.frames.size())));
    script_lengths.push_back(lengths);
  }
  StepObserver observer(options, settings.categories, settings.ignore_label);
  const std::uint64_t dataset = for_each_step_frame(
      options,
      [&](const StepPair& pair) {
        metric->begin_sequence(pair.order, pair.gt.name, script_lengths[pair.order]);
      },
      [&](const StepPair& pair, std::size_t frame, const PairTable& table) {
        metric->add_frame(table);
        observer.add(pair, frame, table, [&] { return frame_quality(table, settings); });
      });
  return {std::move(metric), dataset};
}

/// A labelled frame of Cityscapes-VPS.
struct LabelledFrame {
  const PanopticAnnotation* gt;
  const PanopticAnnotation* pred;
  fs::path gt_file, pred_file;
};

std::string replace_tail(const std::string& name, std::string_view tail, std::string_view by) {
  return name.ends_with(tail) ? name.substr(0, name.size() - tail.size()) + std::string(by) : name;
}

/// The ground truth's pictures in the folder that stands beside the JSON file unless it is named.
fs::path truth_folder(const EvalOptions& options) {
  if (options.gt_folder) return *options.gt_folder;
  const fs::path usual = options.gt.parent_path() / "panoptic_video";
  return fs::is_directory(usual) ? usual : fs::path(options.gt).replace_extension();
}

/// Everything is paired by position, as eval_vpq.py does it.
std::vector<LabelledFrame> pair_labelled_frames(const EvalOptions& options, const PanopticJson& gt,
                                                const PanopticJson& pred) {
  const auto images = gt.images();
  if (images.empty()) fail("{}: no 'images' to evaluate", gt.path().string());
  if (gt.annotations().size() != images.size())
    fail("{}: {} images, but {} annotations", gt.path().string(), images.size(),
         gt.annotations().size());
  if (pred.annotations().size() != images.size())
    fail("{}: {} predictions for the {} frames of {}; one for each frame in order is expected",
         pred.path().string(), pred.annotations().size(), images.size(), gt.path().string());
  std::vector<std::string> names;
  for (const auto& [id, file_name] : images)
    names.push_back(replace_tail(replace_tail(file_name, "_newImg8bit.png", "_final_mask.png"),
                                 "_leftImg8bit.png", "_gtFine_color.png"));
  std::sort(names.begin(), names.end());
  const fs::path gt_folder = truth_folder(options);
  const fs::path pred_folder = options.pred_folder.value_or(options.pred / "pan_pred");
  std::vector<LabelledFrame> frames;
  std::vector<std::string> missing;
  for (std::size_t i = 0; i < images.size(); ++i) {
    frames.push_back({&gt.annotations()[i], &pred.annotations()[i], gt_folder / names[i],
                      pred_folder / (images[i].first + ".png")});
    if (!fs::exists(frames.back().pred_file)) missing.push_back(frames.back().pred_file.string());
  }
  if (!missing.empty())
    fail("{} prediction files are missing: {}", missing.size(), summarize(missing));
  std::vector<fs::path> known;
  for (const LabelledFrame& frame : frames) known.push_back(frame.pred_file);
  warn_of_extra_files(pred_folder, ".png", known);
  return frames;
}

double labelled_frame_quality(const VpqFrame& frame, const std::vector<Category>& categories) {
  PanopticQuality alone(categories);
  alone.add(frame.gt, frame.pred, frame.pairs);
  return coco_averages(alone.counts(), categories).all.pq;
}

/// Tells the observers about frames and tracks.
class LabelledFrameObserver {
 public:
  LabelledFrameObserver(const EvalOptions& options, std::vector<Category> categories)
      : options_(options), categories_(std::move(categories)) {}

  /// Frame `index` of the `count` of a video.
  void add(const std::string& video, std::size_t index, std::size_t count,
           const LabelledFrame& frame, const VpqFrame& counted) {
    if (!is_observed(options_)) return;
    if (index == 0) {
      recorder_ = {};
      names_.clear();
      views_.clear();
    }
    views_.push_back([frame, counted, categories = categories_] {
      return FrameView{frame.gt_file.stem().string(),
                       read_panoptic_view(frame.gt_file, counted.gt, categories),
                       read_panoptic_view(frame.pred_file, counted.pred, categories),
                       are_street_categories(categories)};
    });
    if (options_.on_frame)
      options_.on_frame({video, frame.gt_file.stem().string(),
                         labelled_frame_quality(counted, categories_), views_.back()});
    if (!options_.on_track) return;
    recorder_.add(index, map_values(counted.pairs, keep_things(counted.gt, &names_),
                                    keep_things(counted.pred, nullptr)));
    if (index + 1 < count) return;
    for (TrackSummary& track : recorder_.tracks())
      options_.on_track({video, names_.at(track.id), std::move(track),
                         [views = views_](std::size_t i) { return views[i](); }});
  }

 private:
  /// The ids of things; their names are added to `names`.
  std::function<std::uint32_t(std::uint32_t)> keep_things(
      const std::vector<Segment>& segments, std::map<std::uint32_t, std::string>* names) const {
    std::set<std::uint32_t> things;
    for (const Segment& segment : segments)
      for (const Category& category : categories_) {
        if (category.id != segment.category || !category.thing || segment.crowd) continue;
        things.insert(segment.id);
        if (names != nullptr)
          names->emplace(segment.id, fmt::format("{} {}", category.name, segment.id));
      }
    return
        [things = std::move(things)](std::uint32_t id) { return things.count(id) != 0 ? id : 0; };
  }

  const EvalOptions& options_;
  std::vector<Category> categories_;
  TrackRecorder recorder_;
  std::map<std::uint32_t, std::string> names_;
  std::vector<std::function<FrameView()>> views_;  ///< of the video
};

EvalResult evaluate_cityscapes_vps(const EvalOptions& options) {
  const PanopticJson gt(options.gt), pred(options.pred / "pred.json");
  const std::vector<LabelledFrame> all = pair_labelled_frames(options, gt, pred);
  const auto per_video =
      static_cast<std::size_t>(options.frames_per_video.value_or(kCityscapesFramesPerVideo));
  if (all.size() % per_video != 0)
    fail("{}: {} frames are not a multiple of {} frames a video", gt.path().string(), all.size(),
         per_video);
  std::vector<std::string> units;
  std::vector<std::size_t> mine;
  for (std::size_t i = 0; i < all.size(); ++i) {
    units.push_back(all[i].gt_file.filename().string());
    if (options.shard.takes(i / per_video)) mine.push_back(i);
  }
  VpqSettings settings;
  settings.rules = VpqRules::kVpsNet;
  settings.categories = gt.categories();
  settings.windows = options.windows.value_or(std::vector<int>{1, 2, 3, 4});
  auto metric = std::make_unique<VideoPanopticQuality>(settings);

  const std::size_t threads = static_cast<std::size_t>(std::max(1, options.threads));
  std::vector<PairCounter> counters(threads);
  std::vector<JsonParser> parsers(threads);
  const auto produce = [&](std::size_t index, int worker) {
    const auto w = static_cast<std::size_t>(worker);
    const LabelledFrame& frame = all[mine[index]];
    VpqFrame counted;
    counted.gt = gt.segments(*frame.gt, ListedAreas::kNeeded, parsers[w]);
    counted.pred = pred.segments(*frame.pred, ListedAreas::kUnused, parsers[w]);
    const IdRuns gt_ids = read_id_runs(frame.gt_file);
    const IdRuns pred_ids = read_id_runs(frame.pred_file);
    with_context(frame.pred_file.string(),
                 [&] { counted.pairs = counters[w].count(gt_ids, pred_ids); });
    return counted;
  };
  LabelledFrameObserver observer(options, settings.categories);
  TruthMismatches mismatches;
  const auto consume = [&](std::size_t index, const VpqFrame& counted) {
    const LabelledFrame& frame = all[mine[index]];
    const std::size_t video = mine[index] / per_video;
    const std::string name = std::to_string(video);
    if (mine[index] % per_video == 0) metric->begin_sequence(video, name);
    mismatches.check(counted.gt, counted.pairs, frame.gt_file.filename().string());
    with_context(fmt::format("video {}, {}", name, frame.pred_file.string()),
                 [&] { metric->add_frame(counted); });
    observer.add(name, mine[index] % per_video, per_video, frame, counted);
  };
  for_each_in_order<VpqFrame>(mine.size(), options.threads, produce, consume);
  mismatches.warn(gt.path());
  return {std::move(metric), dataset_fingerprint(units)};
}

EvalResult evaluate_vpq(const EvalOptions& options) {
  if (options.variant == "vpsnet") return evaluate_cityscapes_vps(options);
  if (options.variant == "vipseg") return evaluate_vipseg(options);
  return evaluate_kitti_step(options);
}

std::unique_ptr<Metric> restore_vpq(const nlohmann::json& saved) {
  if (saved.contains("script")) return VipSegVpq::restore(saved);
  return VideoPanopticQuality::restore(saved);
}

}  // namespace

MetricKind vpq_kind() {
  std::vector<EvalOption> of_step = kStepOptions;
  of_step.push_back(EvalOption::kWindows);
  return {
      "vpq",
      "Video panoptic quality, all window lengths in one pass",
      "tessera eval vpq --gt video_sequence/val --pred results/panoptic --windows 1,2,3,4",
      {{"videoknet", "Video K-Net on KITTI-STEP: the mean over all 19 classes", of_step},
       {"vpsnet",
        "VPSNet on Cityscapes-VPS: --gt JSON, --pred folder with pred.json, pan_pred",
        {EvalOption::kPngFolders, EvalOption::kWindows, EvalOption::kFramesPerVideo}},
       {"vipseg", "Video K-Net on VIPSeg, repaired; the script's own numbers beside it", of_step}},
      evaluate_vpq,
      restore_vpq};
}

}  // namespace tessera
