#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/core/log.h"
#include "tessera/core/text.h"
#include "tessera/image/image_io.h"
#include "tessera/metrics/evaluate.h"
#include "tessera/metrics/miou.h"
#include "tessera/metrics/ordered_frames.h"
#include "tessera/metrics/street_classes.h"

namespace tessera {
namespace fs = std::filesystem;
namespace {

constexpr int kStreetClasses = 19;
constexpr int kAde20kClasses = 150;
constexpr int kIgnoreLabel = 255;
// What Cityscapes appends to a frame's name; the two sides may differ in it.
constexpr std::array<std::string_view, 3> kSuffixes = {"_gtFine_labelTrainIds", "_gtFine_labelIds",
                                                       "_leftImg8bit"};

/// A frame's name: its path inside the folder without extension and Cityscapes' suffix.
std::string frame_key(const fs::path& file, const fs::path& root) {
  std::string key = file.lexically_relative(root).replace_extension().generic_string();
  for (const std::string_view suffix : kSuffixes)
    if (key.ends_with(suffix)) key.resize(key.size() - suffix.size());
  return key;
}

void collect_pngs(const fs::path& folder, const fs::path& root,
                  std::map<std::string, fs::path>& files) {
  for (const fs::path& file : list_files(folder, ".png")) {
    const auto [place, added] = files.emplace(frame_key(file, root), file);
    if (!added)
      fail("{} and {}: two files of the same frame", place->second.string(), file.string());
  }
  for (const fs::path& inner : list_folders(folder)) collect_pngs(inner, root, files);
}

struct Picture {
  std::string name;
  fs::path gt, pred;
};

std::vector<Picture> pair_pictures(const fs::path& gt, const fs::path& pred) {
  std::map<std::string, fs::path> truth, predicted;
  collect_pngs(gt, gt, truth);
  collect_pngs(pred, pred, predicted);
  if (truth.empty()) fail("{}: no .png files", gt.string());
  std::vector<Picture> pictures;
  std::vector<std::string> missing;
  for (const auto& [name, file] : truth) {
    const auto found = predicted.find(name);
    if (found == predicted.end()) {
      missing.push_back(name);
      continue;
    }
    pictures.push_back({name, file, found->second});
    predicted.erase(found);
  }
  if (!missing.empty())
    fail("{}: {} predictions are missing, for {}", pred.string(), missing.size(),
         summarize(missing));
  if (!predicted.empty()) warn_of_extra(pred, predicted.size(), predicted.begin()->second.string());
  return pictures;
}

/// How files number what they show.
struct Numbering {
  bool from_1 = false;  ///< ADE20K: 0 is no class, and in the ground truth unlabelled
  int ignore_label = kIgnoreLabel;

  /// Pairs of file values as pairs of classes that count from 0.
  PairTable classes(const PairTable& table) const {
    constexpr std::uint32_t kNoClass = 0xFFFF;
    if (!from_1) return table;
    const auto count_from_0 = [](std::uint32_t none) {
      return [none](std::uint32_t value) {
        return value == 0 ? none : value == kIgnoreLabel ? value : value - 1;
      };
    };
    return map_values(table, count_from_0(kIgnoreLabel), count_from_0(kNoClass));
  }
};

PanopticMap class_map(const fs::path& file, const Numbering& numbering) {
  IdMap labels = to_map(read_label_runs(file));
  // Views keep id 0 for what is not judged.
  for (std::uint32_t& label : labels.values())
    label = label == static_cast<std::uint32_t>(numbering.ignore_label) ? 0
            : numbering.from_1                                          ? label
                                                                        : label + 1;
  return describe_ids(std::move(labels), [](std::uint32_t id) {
    Segment segment;
    segment.category = static_cast<int>(id) - 1;
    return segment;
  });
}

FrameView view_of(const Picture& picture, const std::vector<Category>& categories,
                  const Numbering& numbering) {
  return {picture.name, class_map(picture.gt, numbering), class_map(picture.pred, numbering),
          are_street_categories(categories)};
}

EvalResult evaluate_miou(const EvalOptions& options) {
  const Numbering numbering = {options.variant == "ade20k",
                               options.ignore_label.value_or(kIgnoreLabel)};
  const int classes =
      options.num_classes.value_or(numbering.from_1 ? kAde20kClasses : kStreetClasses);
  const std::vector<Category> categories = classes == kStreetClasses && !numbering.from_1
                                               ? street_categories({})
                                               : plain_categories(classes, {});
  const MiouRules rules =
      options.variant == "videoknet" ? MiouRules::kVideoKNet : MiouRules::kMmseg;
  auto metric = std::make_unique<MeanIou>(categories, numbering.ignore_label, rules);
  const std::vector<Picture> all = pair_pictures(options.gt, options.pred);
  std::vector<std::string> units;
  std::vector<Picture> mine;
  for (std::size_t i = 0; i < all.size(); ++i) {
    units.push_back(all[i].name);
    if (options.shard.takes(i)) mine.push_back(all[i]);
  }
  std::vector<PairCounter> counters(static_cast<std::size_t>(std::max(1, options.threads)));
  const auto produce = [&](std::size_t index, int worker) {
    const IdRuns gt = read_label_runs(mine[index].gt), pred = read_label_runs(mine[index].pred);
    return with_context(mine[index].pred.string(),
                        [&] { return counters[static_cast<std::size_t>(worker)].count(gt, pred); });
  };
  const auto consume = [&](std::size_t index, const PairTable& values) {
    const PairTable table = numbering.classes(values);
    const Picture& picture = mine[index];
    with_context(picture.gt.string(), [&] { metric->add(table); });
    if (!options.on_frame) return;
    MeanIou alone(categories, numbering.ignore_label, rules);
    alone.add(table);
    options.on_frame({"", picture.name, alone.mean_of_present(), [picture, categories, numbering] {
                        return view_of(picture, categories, numbering);
                      }});
  };
  for_each_in_order<PairTable>(mine.size(), options.threads, produce, consume);
  return {std::move(metric), dataset_fingerprint(units)};
}

}  // namespace

MetricKind miou_kind() {
  return {"miou",
          "Mean IoU of semantic maps (label PNGs, paired by name)",
          "tessera eval miou --gt gtFine/val --pred results --num-classes 19",
          {{"videoknet",
            "Video K-Net's eval_miou: absent classes count 0; the mean of present ones is given "
            "too",
            {EvalOption::kNumClasses, EvalOption::kIgnoreLabel}},
           {"mmseg",
            "mmsegmentation's accuracies, IoU, Dice, F-score, precision and recall; absent classes "
            "are left out",
            {EvalOption::kNumClasses, EvalOption::kIgnoreLabel}},
           {"ade20k",
            "the same for ADE20K's annotations and submissions, whose files count classes from 1",
            {EvalOption::kNumClasses}}},
          evaluate_miou,
          MeanIou::restore};
}

}  // namespace tessera
