#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "runners.h"
#include "tessera/metrics/miou.h"

namespace tessera::parity {
namespace {

IdMap to_ids(const Values& values) {
  IdMap ids({static_cast<int>(values.shape.at(1)), static_cast<int>(values.shape.at(0))}, 1);
  std::transform(values.data.begin(), values.data.end(), ids.values().begin(),
                 [](double value) { return static_cast<std::uint32_t>(value); });
  return ids;
}

void replace(IdMap& ids, std::uint32_t from, std::uint32_t to) {
  std::replace(ids.values().begin(), ids.values().end(), from, to);
}

/// mmseg's reduce_zero_label: 0 is unlabelled, classes count from 1.
void reduce_zero_label(IdMap& labels) {
  constexpr std::uint32_t kUnlabelled = 255;
  for (std::uint32_t& label : labels.values())
    label = label == 0 || label == kUnlabelled ? kUnlabelled : label - 1;
}

MeanIou make_metric(const Json& settings) {
  std::vector<Category> categories;
  for (int c = 0; c < settings.at("num_classes").get<int>(); ++c)
    categories.push_back({c, std::to_string(c), false});
  return {std::move(categories), settings.at("ignore_index"), MiouRules::kMmseg};
}

template <class T>
Values to_values(const std::vector<T>& numbers) {
  return {.shape = {static_cast<std::int64_t>(numbers.size())},
          .data = {numbers.begin(), numbers.end()},
          .is_integer = std::is_integral_v<T>};
}

void compare_areas(Report& report, const std::string& prefix, const std::string& suffix,
                   const ClassAreas& areas) {
  std::vector<std::int64_t> unions;
  for (std::size_t c = 0; c < areas.both.size(); ++c)
    unions.push_back(areas.predicted[c] + areas.labelled[c] - areas.both[c]);
  report.compare(prefix + "area_intersect" + suffix, to_values(areas.both));
  report.compare(prefix + "area_union" + suffix, to_values(unions));
  report.compare(prefix + "area_pred" + suffix, to_values(areas.predicted));
  report.compare(prefix + "area_label" + suffix, to_values(areas.labelled));
}

/// What the official table rounds to; the manifest holds it as a share.
double rounded(double share) { return std::nearbyint(share * 1e4) / 1e4; }

void compare_summary(Report& report, const std::string& name, const Json& settings,
                     const MeanIou& metric) {
  const Json json = metric.report().json;
  for (const auto& [key, value] : settings.at("summary").items()) {
    const double wanted = value, ours = json.at(key);
    report.check(name + key, std::abs(ours - wanted) <= 1e-12 * std::abs(wanted),
                 fmt::format("{}, expected {}", ours, wanted));
    const double shown = settings.at("summary_rounded").at(key);
    report.check(name + key + ", rounded", std::abs(rounded(ours) - shown) < 1e-9,
                 fmt::format("{}, expected {}", rounded(ours), shown));
  }
}

void compare_scores(Report& report, const std::string& name, const ClassAreas& areas) {
  const ClassScores scores = class_scores(areas);
  report.compare(name + "aAcc", to_values(std::vector<double>{scores.all_accuracy}));
  report.compare(name + "IoU", to_values(scores.iou));
  report.compare(name + "Acc", to_values(scores.accuracy));
  report.compare(name + "Dice", to_values(scores.dice));
  report.compare(name + "Fscore", to_values(scores.fscore));
  report.compare(name + "Precision", to_values(scores.precision));
  report.compare(name + "Recall", to_values(scores.recall));
  constexpr double kBeta = 2;
  report.compare(name + "beta2.Fscore", to_values(class_scores(areas, kBeta).fscore));
  std::vector<double> filled = scores.iou;
  for (double& value : filled)
    if (std::isnan(value)) value = -1;
  report.compare(name + "nan_to_num_minus1.IoU", to_values(filled));
}

void run_data_set(Report& report, const Json& settings) {
  const std::string name = settings.at("name").get<std::string>() + ".";
  MeanIou all = make_metric(settings);
  PairCounter counter;
  for (int i = 0; i < settings.at("images").get<int>(); ++i) {
    const std::string number = std::to_string(i);
    IdMap labels = to_ids(report.stored(name + "gt" + number));
    if (settings.at("reduce_zero_label").get<bool>()) reduce_zero_label(labels);
    MeanIou one = make_metric(settings);
    one.add(counter.count(labels, to_ids(report.stored(name + "pred" + number))));
    compare_areas(report, name, number, one.areas());
    all.merge(one);
  }
  compare_scores(report, name, all.areas());
  compare_summary(report, name, settings, all);
}

/// Labels are renamed one after another, so that chains happen.
void run_label_map(Report& report, const Json& settings) {
  const std::string source = settings.at("source");
  const auto slash = source.find('/');
  const std::string prediction = source.substr(0, slash);
  const std::string truth =
      prediction.substr(0, prediction.find('.') + 1) + source.substr(slash + 1);
  IdMap labels = to_ids(report.stored(truth));
  for (const auto& [from, to] : settings.at("map").items())
    replace(labels, static_cast<std::uint32_t>(std::stoul(from)), to.get<std::uint32_t>());
  MeanIou metric = make_metric(settings);
  metric.add(PairCounter().count(labels, to_ids(report.stored(prediction))));
  compare_areas(report, "label_map.", "", metric.areas());
}

void run_miou(const Case& c, Report& report) {
  for (const Json& settings : c.data.at("cases")) run_data_set(report, settings);
  run_label_map(report, c.data.at("label_map"));
}

}  // namespace

Runner find_knet_seg_miou_runner(const Case& c) {
  return c.data.at("type") == "metric" ? Runner(run_miou) : Runner();
}

}  // namespace tessera::parity
