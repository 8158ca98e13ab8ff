#include "tessera/metrics/davis.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <utility>

#include "tessera/core/error.h"
#include "tessera/core/hungarian.h"
#include "tessera/core/text.h"
#include "tessera/metrics/boundary.h"

namespace tessera {
namespace {

constexpr const char* kUnsupervised = "unsupervised";
constexpr const char* kSemiSupervised = "semi-supervised";

double mean(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// Pixels of each (object, proposal); ids beyond the limits count as none.
std::vector<std::int64_t> count_overlaps(const LabelMap& truth, const LabelMap& prediction) {
  std::vector<std::int64_t> overlaps(256 * 256);
  for (std::size_t i = 0; i < truth.values().size(); ++i)
    ++overlaps[std::size_t{256} * truth.values()[i] + prediction.values()[i]];
  return overlaps;
}

std::array<std::pair<const char*, double>, 7> global_numbers(std::span<const DavisStatistics> j,
                                                             std::span<const DavisStatistics> f) {
  const auto average = [](std::span<const DavisStatistics> all, double DavisStatistics::*value) {
    double sum = 0;
    for (const DavisStatistics& one : all) sum += one.*value;
    return sum / static_cast<double>(all.size());
  };
  const double j_mean = average(j, &DavisStatistics::mean);
  const double f_mean = average(f, &DavisStatistics::mean);
  return {{{"J&F-Mean", (j_mean + f_mean) / 2},
           {"J-Mean", j_mean},
           {"J-Recall", average(j, &DavisStatistics::recall)},
           {"J-Decay", average(j, &DavisStatistics::decay)},
           {"F-Mean", f_mean},
           {"F-Recall", average(f, &DavisStatistics::recall)},
           {"F-Decay", average(f, &DavisStatistics::decay)}}};
}

}  // namespace

DavisTask davis_task(const std::string& name) {
  if (name == kUnsupervised) return DavisTask::kUnsupervised;
  if (name == kSemiSupervised) return DavisTask::kSemiSupervised;
  throw UsageError(fmt::format("unknown task '{}'{}", name,
                               did_you_mean(name, {kUnsupervised, kSemiSupervised})));
}

std::string to_string(DavisTask task) {
  return task == DavisTask::kUnsupervised ? kUnsupervised : kSemiSupervised;
}

int davis_object_count(const LabelMap& first) {
  int largest = 0;
  for (const std::uint8_t value : first.values())
    if (value != kDavisVoid) largest = std::max<int>(largest, value);
  return largest;
}

DavisSequence::DavisSequence(DavisTask task, int objects)
    : task_(task),
      objects_(objects),
      pairs_(static_cast<std::size_t>(objects) * (kDavisMaxProposals + 1)) {}

void DavisSequence::add(const LabelMap& truth, const LabelMap& prediction) {
  if (truth.size() != prediction.size())
    fail("the prediction is {}, the annotation {}", to_string(prediction.size()),
         to_string(truth.size()));
  LabelMap objects = truth, proposals = prediction;
  int largest = 0;
  for (std::size_t i = 0; i < objects.values().size(); ++i) {
    largest = std::max<int>(largest, proposals.values()[i]);
    if (objects.values()[i] != kDavisVoid) continue;
    objects.values()[i] = 0;
    if (task_ == DavisTask::kUnsupervised) proposals.values()[i] = 0;
  }
  const int limit = task_ == DavisTask::kUnsupervised ? kDavisMaxProposals
                                                      : std::min(objects_, kDavisMaxProposals);
  if (largest > limit)
    fail("the prediction has object number {}, at most {} are evaluated", largest, limit);
  // A proposal that shows up only now was nowhere until now.
  for (; proposals_ < largest; ++proposals_)
    for (int object = 0; object < objects_; ++object)
      pair(object, proposals_ + 1) = pair(object, 0);

  const int radius = boundary_radius(truth.size());
  const std::vector<std::int64_t> overlaps = count_overlaps(objects, proposals);
  std::vector<MaskOutline> predicted(1);
  for (int proposal = 1; proposal <= proposals_; ++proposal)
    predicted.push_back(outline_of(proposals, static_cast<std::uint8_t>(proposal), radius));
  for (int object = 0; object < objects_; ++object) {
    const auto id = static_cast<std::uint8_t>(object + 1);
    const MaskOutline outline = outline_of(objects, id, radius);
    for (int proposal = 0; proposal <= proposals_; ++proposal) {
      const MaskOutline& other = predicted[static_cast<std::size_t>(proposal)];
      const std::int64_t both =
          proposal == 0 ? 0 : overlaps[std::size_t{256} * id + static_cast<std::size_t>(proposal)];
      const std::int64_t either = outline.area + other.area - both;
      Pair& scores = pair(object, proposal);
      scores.j.push_back(either == 0 ? 1.0
                                     : static_cast<double>(both) / static_cast<double>(either));
      scores.f.push_back(boundary_f(other, outline));
    }
  }
}

std::vector<DavisObject> DavisSequence::scores() const {
  if (objects_ == 0) return {};
  // Missing proposals are empty ones, so that every object gets one.
  const int rows = std::max(proposals_, objects_);
  const auto scores_of = [&](int row, int object) -> const Pair& {
    return pair(object, row < proposals_ ? row + 1 : 0);
  };
  std::vector<int> object_of(static_cast<std::size_t>(rows), -1);
  if (task_ == DavisTask::kSemiSupervised) {
    std::iota(object_of.begin(), object_of.begin() + objects_, 0);
  } else {
    std::vector<double> gains;
    for (int row = 0; row < rows; ++row)
      for (int object = 0; object < objects_; ++object)
        gains.push_back((mean(scores_of(row, object).j) + mean(scores_of(row, object).f)) / 2);
    object_of = assign_maximum(gains, rows, objects_);
  }
  std::vector<DavisObject> found;
  for (int row = 0; row < rows; ++row) {
    const int object = object_of[static_cast<std::size_t>(row)];
    if (object >= 0) found.push_back({scores_of(row, object).j, scores_of(row, object).f});
  }
  return found;
}

DavisStatistics davis_statistics(std::span<const double> values) {
  DavisStatistics statistics;
  statistics.mean = mean(values);
  statistics.recall = static_cast<double>(std::count_if(values.begin(), values.end(),
                                                        [](double v) { return v > 0.5; })) /
                      static_cast<double>(values.size());
  // Four bins that share their borders: round(linspace(1, T, 5) + 1e-10) - 1, rounded half to even.
  const double step = static_cast<double>(values.size() - 1) / 4;
  const auto border = [&](int i) {
    return static_cast<std::size_t>(std::nearbyint(1 + step * i + 1e-10)) - 1;
  };
  const auto bin = [&](int i) { return values.subspan(border(i), border(i + 1) - border(i) + 1); };
  statistics.decay = mean(bin(0)) - mean(bin(3));
  return statistics;
}

void DavisMetric::add(std::size_t order, const std::string& name,
                      std::vector<DavisObject> objects) {
  sequences_.push_back({order, name, std::move(objects)});
}

std::vector<const DavisMetric::Sequence*> DavisMetric::in_order() const {
  std::vector<const Sequence*> ordered;
  for (const Sequence& sequence : sequences_) ordered.push_back(&sequence);
  std::sort(ordered.begin(), ordered.end(),
            [](const Sequence* a, const Sequence* b) { return a->order < b->order; });
  return ordered;
}

Report DavisMetric::report() const {
  Report report;
  nlohmann::ordered_json per_object = nlohmann::ordered_json::object();
  Table objects{"each object", {"object", "J-Mean", "F-Mean"}, {}};
  Table sequences{"each sequence", {"sequence", "objects", "J&F-Mean", "J-Mean", "F-Mean"}, {}};
  std::vector<DavisStatistics> all_j, all_f;
  for (const Sequence* sequence : in_order()) {
    const std::size_t first = all_j.size();
    for (std::size_t k = 0; k < sequence->objects.size(); ++k) {
      const DavisObject& object = sequence->objects[k];
      const DavisStatistics& j = all_j.emplace_back(davis_statistics(object.j));
      const DavisStatistics& f = all_f.emplace_back(davis_statistics(object.f));
      const std::string name = fmt::format("{}_{}", sequence->name, k + 1);
      per_object[name] = {{"J-Mean", j.mean},        {"J-Recall", j.recall},   {"J-Decay", j.decay},
                          {"F-Mean", f.mean},        {"F-Recall", f.recall},   {"F-Decay", f.decay},
                          {"J_per_frame", object.j}, {"F_per_frame", object.f}};
      objects.rows.push_back({name, format_number(j.mean, 3), format_number(f.mean, 3)});
    }
    if (all_j.size() == first) continue;
    const auto numbers =
        global_numbers(std::span(all_j).subspan(first), std::span(all_f).subspan(first));
    sequences.rows.push_back(
        {sequence->name, std::to_string(all_j.size() - first), format_number(numbers[0].second, 3),
         format_number(numbers[1].second, 3), format_number(numbers[4].second, 3)});
  }
  if (all_j.empty()) fail("no sequence has an object in its first frame");
  Table global{"DAVIS 2017, " + to_string(task_), {}, {{}}};
  nlohmann::ordered_json numbers;
  for (const auto& [name, value] : global_numbers(all_j, all_f)) {
    numbers[name] = value;
    global.header.emplace_back(name);
    global.rows[0].push_back(format_number(value, 3));
    if (global.header.back().ends_with("-Mean"))
      report.headline.emplace_back(global.header.back(), global.rows[0].back());
  }
  report.json[to_string(task_)] = {{"global", numbers}, {"per_object", per_object}};
  report.tables = {std::move(global), std::move(sequences), std::move(objects)};
  return report;
}

void DavisMetric::merge(const Metric& other) {
  const auto* theirs = dynamic_cast<const DavisMetric*>(&other);
  if (theirs == nullptr || theirs->task_ != task_)
    fail("results of different metrics cannot be merged");
  sequences_.insert(sequences_.end(), theirs->sequences_.begin(), theirs->sequences_.end());
}

nlohmann::json DavisMetric::save() const {
  nlohmann::json sequences = nlohmann::json::array();
  for (const Sequence* sequence : in_order()) {
    nlohmann::json objects = nlohmann::json::array();
    for (const DavisObject& object : sequence->objects) objects.push_back({object.j, object.f});
    sequences.push_back({sequence->order, sequence->name, objects});
  }
  return {{"task", to_string(task_)}, {"sequences", sequences}};
}

std::unique_ptr<Metric> DavisMetric::restore(const nlohmann::json& saved) {
  auto restored = std::make_unique<DavisMetric>(davis_task(saved.at("task")));
  for (const auto& sequence : saved.at("sequences")) {
    std::vector<DavisObject> objects;
    for (const auto& object : sequence.at(2)) objects.push_back({object.at(0), object.at(1)});
    restored->add(sequence.at(0), sequence.at(1), std::move(objects));
  }
  return restored;
}

}  // namespace tessera
