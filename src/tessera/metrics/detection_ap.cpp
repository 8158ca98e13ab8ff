#include "tessera/metrics/detection_ap.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <numeric>
#include <tuple>
#include <utility>

#include "tessera/core/error.h"
#include "tessera/core/thread_pool.h"

namespace tessera {
namespace {

constexpr int kRecallPoints = 101;
constexpr int kMaxThresholds = 16;
constexpr int kApDetections = 100;  // the limit that AP itself is for
constexpr int kNone = -1;
// No IoU has to be above this to match a threshold of 1.
constexpr double kHighestThreshold = 1 - 1e-10;

/// The recall at point i.
double recall_point(int i) { return i == kRecallPoints - 1 ? 1.0 : i * 0.01; }

bool outside(double area, const AreaRange& range) {
  return area < range.least || area > range.most;
}

/// An object that a detection overlaps enough for the lowest threshold.
struct Candidate {
  int object;
  double iou;
};

/// The candidates of each detection: those that count first, then the ignored ones.
std::vector<std::vector<Candidate>> list_candidates(const std::vector<bool>& ignored,
                                                    std::size_t detections,
                                                    std::span<const double> ious, double lowest) {
  std::vector<std::vector<Candidate>> candidates(detections);
  const std::size_t objects = ignored.size();
  for (std::size_t detection = 0; detection < detections; ++detection)
    for (const bool pass : {false, true})
      for (std::size_t object = 0; object < objects; ++object) {
        const double iou = ious[detection * objects + object];
        if (ignored[object] == pass && iou >= lowest)
          candidates[detection].push_back({static_cast<int>(object), iou});
      }
  return candidates;
}

/// The object that a detection takes at a threshold, or kNone. Of equal IoUs the later object wins,
/// and an ignored one is looked at only while no other is held.
int choose_object(const std::vector<Candidate>& candidates, double threshold,
                  const std::vector<bool>& ignored, std::span<const ApObject> objects,
                  const std::vector<bool>& taken) {
  double best = std::min(threshold, kHighestThreshold);
  int held = kNone;
  for (const auto& [object, iou] : candidates) {
    if (taken[object] && !objects[object].crowd) continue;
    if (held != kNone && !ignored[held] && ignored[object]) break;
    if (iou < best) continue;
    best = iou;
    held = object;
  }
  return held;
}

/// Mean of the precision envelope over the recall points.
double mean_precision(const std::vector<double>& recalls, std::vector<double>& precisions) {
  for (std::size_t i = precisions.size(); i-- > 1;)
    precisions[i - 1] = std::max(precisions[i - 1], precisions[i]);
  double sum = 0;
  for (int i = 0; i < kRecallPoints; ++i) {
    const auto found = std::lower_bound(recalls.begin(), recalls.end(), recall_point(i));
    if (found == recalls.end()) break;
    sum += precisions[static_cast<std::size_t>(found - recalls.begin())];
  }
  return sum / kRecallPoints;
}

/// The place of `wanted`, or kNone.
int find_limit(const ApSettings& settings, int wanted) {
  const auto found =
      std::find(settings.detection_limits.begin(), settings.detection_limits.end(), wanted);
  return found == settings.detection_limits.end()
             ? kNone
             : static_cast<int>(found - settings.detection_limits.begin());
}

/// The place of the first threshold at or above `wanted`; how many there are if none is.
int find_threshold(const ApSettings& settings, double wanted) {
  const auto& all = settings.iou_thresholds;
  return static_cast<int>(std::lower_bound(all.begin(), all.end(), wanted) - all.begin());
}

}  // namespace

ApSettings coco_ap_settings() {
  // The ninth is what numpy.linspace(.5, .95, 10) gives.
  return {{0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.8999999999999999, 0.95},
          {{"all", 0, 1e10}, {"small", 0, 1024}, {"medium", 1024, 9216}, {"large", 9216, 1e10}},
          {1, 10, 100}};
}

std::vector<int> best_detections(std::span<const double> scores, int limit) {
  std::vector<int> order(scores.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return scores[a] > scores[b]; });
  if (order.size() > static_cast<std::size_t>(limit)) order.resize(limit);
  return order;
}

DetectionAp::DetectionAp(ApSettings settings, std::vector<std::int64_t> categories)
    : settings_(std::move(settings)), categories_(std::move(categories)) {
  if (settings_.iou_thresholds.empty() || settings_.iou_thresholds.size() > kMaxThresholds)
    fail("{} IoU thresholds given, expected 1 to {}", settings_.iou_thresholds.size(),
         kMaxThresholds);
  if (settings_.areas.empty() || settings_.detection_limits.empty())
    fail("average precision needs an area range and a number of detections");
  std::sort(categories_.begin(), categories_.end());
  if (std::adjacent_find(categories_.begin(), categories_.end()) != categories_.end())
    fail("a category id comes twice");
  Counts empty;
  empty.outcomes.resize(settings_.areas.size());
  empty.objects.resize(settings_.areas.size());
  counts_.assign(categories_.size(), empty);
}

DetectionAp::Counts& DetectionAp::counts_of(std::int64_t category) {
  const auto found = std::lower_bound(categories_.begin(), categories_.end(), category);
  if (found == categories_.end() || *found != category) fail("unknown category id {}", category);
  return counts_[static_cast<std::size_t>(found - categories_.begin())];
}

void DetectionAp::add(std::int64_t picture, std::int64_t category,
                      std::span<const ApObject> objects, std::span<const ApDetection> detections,
                      std::span<const double> ious) {
  if (ious.size() != objects.size() * detections.size())
    fail("{} IoUs given for {} detections and {} objects", ious.size(), detections.size(),
         objects.size());
  if (detections.size() > static_cast<std::size_t>(settings_.detection_limits.back()))
    fail("{} detections of a class in a picture, expected the best {}", detections.size(),
         settings_.detection_limits.back());
  const auto better = [](const ApDetection& a, const ApDetection& b) { return a.score > b.score; };
  if (!std::is_sorted(detections.begin(), detections.end(), better))
    fail("detections are not in order of their scores");
  Counts& counts = counts_of(category);
  for (std::size_t rank = 0; rank < detections.size(); ++rank)
    counts.records.push_back({detections[rank].score, picture, static_cast<int>(rank)});

  for (std::size_t area = 0; area < settings_.areas.size(); ++area) {
    std::vector<bool> ignored(objects.size());
    for (std::size_t i = 0; i < objects.size(); ++i)
      ignored[i] = objects[i].crowd || outside(objects[i].area, settings_.areas[area]);
    counts.objects[area] += std::count(ignored.begin(), ignored.end(), false);
    const auto candidates =
        list_candidates(ignored, detections.size(), ious,
                        std::min(settings_.iou_thresholds.front(), kHighestThreshold));
    std::vector<Outcome> outcomes(detections.size());
    for (std::size_t t = 0; t < settings_.iou_thresholds.size(); ++t) {
      const auto bit = static_cast<std::uint16_t>(1u << t);
      std::vector<bool> taken(objects.size());
      for (std::size_t d = 0; d < detections.size(); ++d) {
        const int object =
            choose_object(candidates[d], settings_.iou_thresholds[t], ignored, objects, taken);
        if (object != kNone) {
          taken[object] = true;
          outcomes[d].matched |= bit;
        }
        if (object != kNone ? ignored[object] : outside(detections[d].area, settings_.areas[area]))
          outcomes[d].ignored |= bit;
      }
    }
    counts.outcomes[area].insert(counts.outcomes[area].end(), outcomes.begin(), outcomes.end());
  }
}

void DetectionAp::merge(const DetectionAp& other) {
  if (categories_ != other.categories_) fail("results of different categories cannot be merged");
  for (std::size_t c = 0; c < counts_.size(); ++c) {
    Counts& mine = counts_[c];
    const Counts& theirs = other.counts_[c];
    mine.records.insert(mine.records.end(), theirs.records.begin(), theirs.records.end());
    for (std::size_t area = 0; area < settings_.areas.size(); ++area) {
      mine.objects[area] += theirs.objects[area];
      mine.outcomes[area].insert(mine.outcomes[area].end(), theirs.outcomes[area].begin(),
                                 theirs.outcomes[area].end());
    }
  }
}

ClassAp DetectionAp::accumulate(const Counts& counts) const {
  std::vector<std::size_t> order(counts.records.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto key = [&](std::size_t i) {
    const Record& record = counts.records[i];
    return std::tuple(-record.score, record.picture, record.rank);
  };
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return key(a) < key(b); });

  const std::size_t areas = settings_.areas.size(), limits = settings_.detection_limits.size(),
                    thresholds = settings_.iou_thresholds.size();
  ClassAp result;
  result.precision.assign(areas, std::vector(limits, std::vector<double>(thresholds, -1.0)));
  result.recall = result.precision;
  std::vector<double> recalls, precisions;
  for (std::size_t area = 0; area < areas; ++area) {
    if (counts.objects[area] == 0) continue;
    const auto objects = static_cast<double>(counts.objects[area]);
    for (std::size_t limit = 0; limit < limits; ++limit)
      for (std::size_t t = 0; t < thresholds; ++t) {
        recalls.clear();
        precisions.clear();
        double right = 0, wrong = 0;
        for (const std::size_t i : order) {
          if (counts.records[i].rank >= settings_.detection_limits[limit]) continue;
          const Outcome& outcome = counts.outcomes[area][i];
          if (!(outcome.ignored >> t & 1)) ++(outcome.matched >> t & 1 ? right : wrong);
          recalls.push_back(right / objects);
          precisions.push_back(right / (wrong + right + std::numeric_limits<double>::epsilon()));
        }
        result.recall[area][limit][t] = recalls.empty() ? 0.0 : recalls.back();
        result.precision[area][limit][t] = mean_precision(recalls, precisions);
      }
  }
  return result;
}

std::vector<ClassAp> DetectionAp::classes(int threads) const {
  std::vector<ClassAp> results(counts_.size());
  parallel_for(counts_.size(), threads,
               [&](std::size_t c, int) { results[c] = accumulate(counts_[c]); });
  return results;
}

double mean_ap(std::span<const ClassAp> classes, ClassAp::Values ClassAp::*values, int area,
               int limit, int first_threshold, int last_threshold) {
  double sum = 0;
  int count = 0;
  for (const ClassAp& c : classes)
    for (int t = first_threshold; t < last_threshold; ++t) {
      const double value = (c.*values)[area][limit][t];
      if (value < 0) continue;
      sum += value;
      ++count;
    }
  return count == 0 ? -1.0 : sum / count;
}

nlohmann::json DetectionAp::save() const {
  nlohmann::json classes = nlohmann::json::array();
  for (const Counts& counts : counts_) {
    nlohmann::json scores = nlohmann::json::array(), pictures = scores, ranks = scores,
                   outcomes = scores;
    for (const Record& record : counts.records) {
      scores.push_back(record.score);
      pictures.push_back(record.picture);
      ranks.push_back(record.rank);
    }
    for (const std::vector<Outcome>& area : counts.outcomes) {
      nlohmann::json bits = nlohmann::json::array();
      for (const Outcome& outcome : area) bits.push_back({outcome.matched, outcome.ignored});
      outcomes.push_back(std::move(bits));
    }
    classes.push_back({{"scores", scores},
                       {"pictures", pictures},
                       {"ranks", ranks},
                       {"outcomes", outcomes},
                       {"objects", counts.objects}});
  }
  return {{"categories", categories_}, {"classes", classes}};
}

DetectionAp DetectionAp::restore(ApSettings settings, const nlohmann::json& saved) {
  DetectionAp restored(std::move(settings), saved.at("categories"));
  const nlohmann::json& classes = saved.at("classes");
  const std::size_t areas = restored.settings_.areas.size();
  if (classes.size() != restored.counts_.size())
    fail("{} classes of counts for {} categories", classes.size(), restored.counts_.size());
  for (std::size_t c = 0; c < classes.size(); ++c) {
    const std::vector<double> scores = classes[c].at("scores");
    const std::vector<std::int64_t> pictures = classes[c].at("pictures");
    const std::vector<int> ranks = classes[c].at("ranks");
    const auto& outcomes = classes[c].at("outcomes");
    Counts& counts = restored.counts_[c];
    counts.objects = classes[c].at("objects").get<std::vector<std::int64_t>>();
    bool whole = pictures.size() == scores.size() && ranks.size() == scores.size() &&
                 counts.objects.size() == areas && outcomes.size() == areas;
    for (std::size_t area = 0; whole && area < areas; ++area) {
      whole = outcomes[area].size() == scores.size();
      for (const auto& bits : outcomes[area])
        counts.outcomes[area].push_back({bits.at(0), bits.at(1)});
    }
    if (!whole) fail("category {}: counts of different lengths", restored.categories_[c]);
    for (std::size_t i = 0; i < scores.size(); ++i)
      counts.records.push_back({scores[i], pictures[i], ranks[i]});
  }
  return restored;
}

std::vector<ApSummaryLine> summarize_ap(const ApSettings& settings,
                                        std::span<const ClassAp> classes) {
  const int thresholds = static_cast<int>(settings.iou_thresholds.size());
  const int limits = static_cast<int>(settings.detection_limits.size());
  std::vector<ApSummaryLine> lines;
  const auto add = [&](const std::string& name, bool precision, int area, int limit, int first,
                       int last) {
    const double value = limit == kNone
                             ? -1.0
                             : mean_ap(classes, precision ? &ClassAp::precision : &ClassAp::recall,
                                       area, limit, first, last);
    const std::string ious = last - first == 1
                                 ? fmt::format("{:.2f}", settings.iou_thresholds[first])
                                 : fmt::format("{:.2f}:{:.2f}", settings.iou_thresholds.front(),
                                               settings.iou_thresholds.back());
    lines.push_back(
        {name,
         fmt::format(" {:<18} {} @[ IoU={:<9} | area={:>6} | maxDets={:>3} ] = {:0.3f}",
                     precision ? "Average Precision" : "Average Recall",
                     precision ? "(AP)" : "(AR)", ious, settings.areas[area].name,
                     limit == kNone ? kApDetections : settings.detection_limits[limit], value),
         value});
  };
  const int half = find_threshold(settings, 0.5), three_quarters = find_threshold(settings, 0.75);
  add("AP", true, 0, find_limit(settings, kApDetections), 0, thresholds);
  add("AP50", true, 0, limits - 1, half, half + 1);
  add("AP75", true, 0, limits - 1, three_quarters, three_quarters + 1);
  add("APs", true, 1, limits - 1, 0, thresholds);
  add("APm", true, 2, limits - 1, 0, thresholds);
  add("APl", true, 3, limits - 1, 0, thresholds);
  for (int limit = 0; limit < limits; ++limit)
    add(fmt::format("AR{}", settings.detection_limits[limit]), false, 0, limit, 0, thresholds);
  add("ARs", false, 1, limits - 1, 0, thresholds);
  add("ARm", false, 2, limits - 1, 0, thresholds);
  add("ARl", false, 3, limits - 1, 0, thresholds);
  return lines;
}

}  // namespace tessera
