#include <algorithm>
#include <map>

#include "tessera/core/error.h"
#include "tessera/core/log.h"
#include "tessera/core/text.h"
#include "tessera/image/image_io.h"
#include "tessera/metrics/evaluate.h"
#include "tessera/metrics/ordered_frames.h"
#include "tessera/metrics/panoptic_json.h"
#include "tessera/metrics/pq.h"
#include "tessera/metrics/street_classes.h"

namespace tessera {
namespace fs = std::filesystem;
namespace {

struct Picture {
  const PanopticAnnotation* gt;
  const PanopticAnnotation* pred;
};

/// A picture, its pixels counted.
struct CountedPicture {
  PairTable table;
  std::vector<Segment> gt, pred;
};

/// COCO's rule: the folder is named as the JSON file.
fs::path default_folder(const fs::path& json) { return fs::path(json).replace_extension(); }

/// mmdetection's results, and ours, have `panoptic` beside the JSON file instead.
fs::path default_prediction_folder(const fs::path& json) {
  const fs::path by_name = default_folder(json), beside = json.parent_path() / "panoptic";
  return !fs::exists(by_name) && fs::is_directory(beside) ? beside : by_name;
}

/// Pairs by image_id; what is missing is an error, what is extra a warning.
std::vector<Picture> pair_pictures(const PanopticJson& gt, const PanopticJson& pred) {
  std::map<std::string, const PanopticAnnotation*> predicted;
  for (const PanopticAnnotation& annotation : pred.annotations())
    predicted[annotation.image_id] = &annotation;
  std::vector<Picture> pictures;
  std::vector<std::string> missing;
  for (const PanopticAnnotation& annotation : gt.annotations()) {
    if (annotation.image_id.empty()) fail("{}: an annotation without image_id", gt.path().string());
    const auto found = predicted.find(annotation.image_id);
    if (found == predicted.end()) {
      missing.push_back(annotation.image_id);
      continue;
    }
    pictures.push_back({&annotation, found->second});
    predicted.erase(found);
  }
  if (!missing.empty())
    fail("{}: predictions of {} pictures are missing: image_id {}", pred.path().string(),
         missing.size(), summarize(missing));
  if (!predicted.empty())
    warn_of_extra(pred.path(), predicted.size(), "image_id " + predicted.begin()->first);
  if (pictures.empty()) fail("{}: no pictures to evaluate", gt.path().string());
  return pictures;
}

/// An Error that names the predicted pictures that are not there.
void check_pictures_exist(const std::vector<Picture>& pictures, const fs::path& folder) {
  std::vector<std::string> missing;
  for (const Picture& picture : pictures) {
    std::error_code code;
    if (!fs::exists(folder / picture.pred->file_name, code))
      missing.push_back(picture.pred->file_name);
  }
  if (!missing.empty())
    fail("{}: {} of {} predicted pictures are missing: {}", folder.string(), missing.size(),
         pictures.size(), summarize(missing));
}

/// Panoptic quality of one picture alone.
double picture_quality(const CountedPicture& picture, const std::vector<Category>& categories) {
  PanopticQuality alone(categories);
  alone.add(picture.gt, picture.pred, picture.table);
  return coco_averages(alone.counts(), categories).all.pq;
}

EvalResult evaluate_pq(const EvalOptions& options) {
  const PanopticJson gt(options.gt), pred(options.pred);
  const fs::path gt_folder = options.gt_folder.value_or(default_folder(options.gt));
  const fs::path pred_folder =
      options.pred_folder.value_or(default_prediction_folder(options.pred));
  const std::vector<Picture> all = pair_pictures(gt, pred);
  check_pictures_exist(all, pred_folder);
  std::vector<std::string> units;
  std::vector<Picture> mine;
  for (std::size_t i = 0; i < all.size(); ++i) {
    units.push_back(all[i].gt->image_id);
    if (options.shard.takes(i)) mine.push_back(all[i]);
  }

  const std::vector<Category> categories = gt.categories();
  auto metric = std::make_unique<PanopticQuality>(categories);
  const std::size_t threads = static_cast<std::size_t>(std::max(1, options.threads));
  std::vector<PairCounter> counters(threads);
  std::vector<JsonParser> parsers(threads);
  const auto produce = [&](std::size_t index, int worker) {
    const auto w = static_cast<std::size_t>(worker);
    const Picture& picture = mine[index];
    CountedPicture counted;
    counted.gt = gt.segments(*picture.gt, ListedAreas::kNeeded, parsers[w]);
    counted.pred = pred.segments(*picture.pred, ListedAreas::kUnused, parsers[w]);
    const fs::path pred_file = pred_folder / picture.pred->file_name;
    const IdRuns gt_ids = read_id_runs(gt_folder / picture.gt->file_name);
    const IdRuns pred_ids = read_id_runs(pred_file);
    with_context(pred_file.string(), [&] { counted.table = counters[w].count(gt_ids, pred_ids); });
    return counted;
  };
  TruthMismatches mismatches;
  const auto consume = [&](std::size_t index, const CountedPicture& counted) {
    const Picture& picture = mine[index];
    const fs::path pred_file = pred_folder / picture.pred->file_name;
    mismatches.check(counted.gt, counted.table, picture.gt->file_name);
    with_context(fmt::format("image_id {}, {}", picture.gt->image_id, pred_file.string()),
                 [&] { metric->add(counted.gt, counted.pred, counted.table); });
    if (options.on_frame)
      options.on_frame({"", picture.gt->image_id, picture_quality(counted, metric->categories()),
                        [=, name = picture.gt->image_id, gt = counted.gt, pred = counted.pred,
                         gt_file = gt_folder / picture.gt->file_name] {
                          return FrameView{name, read_panoptic_view(gt_file, gt, categories),
                                           read_panoptic_view(pred_file, pred, categories),
                                           are_street_categories(categories)};
                        }});
  };
  for_each_in_order<CountedPicture>(mine.size(), options.threads, produce, consume);
  mismatches.warn(gt.path());
  return {std::move(metric), dataset_fingerprint(units)};
}

}  // namespace

MetricKind pq_kind() {
  return {"pq",
          "Panoptic quality of pictures (COCO panoptic, Cityscapes)",
          "tessera eval pq --gt panoptic_val2017.json --pred predictions.json --json pq.json",
          {{"coco-panoptic",
            "panopticapi's evaluation.py; pictures are paired by image_id",
            {EvalOption::kPngFolders}}},
          evaluate_pq,
          PanopticQuality::restore};
}

}  // namespace tessera
