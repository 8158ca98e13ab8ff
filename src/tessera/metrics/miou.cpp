#include "tessera/metrics/miou.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "tessera/core/error.h"

namespace tessera {

MeanIou::MeanIou(std::vector<Category> categories, int ignore_label, MiouRules rules)
    : categories_(std::move(categories)),
      ignore_label_(ignore_label),
      rules_(rules),
      confusion_(categories_.size() * columns(), 0),
      elsewhere_(columns(), 0) {}

void MeanIou::add(const PairTable& pairs) {
  ++pictures_;
  for (const PairCount& pair : pairs) {
    if (pair.gt == static_cast<std::uint32_t>(ignore_label_)) continue;
    const std::size_t column = std::min<std::size_t>(pair.pred, columns() - 1);
    if (pair.gt < categories_.size())
      confusion_[pair.gt * columns() + column] += pair.count;
    else if (rules_ == MiouRules::kMmseg)
      elsewhere_[column] += pair.count;
    else
      fail("the ground truth has class {}; known are 0 to {} and {} (unlabelled)", pair.gt,
           categories_.size() - 1, ignore_label_);
  }
}

ClassAreas MeanIou::areas() const {
  ClassAreas areas;
  for (std::size_t c = 0; c < categories_.size(); ++c) {
    std::int64_t labelled = 0, predicted = elsewhere_[c];
    for (std::size_t k = 0; k < columns(); ++k) labelled += confusion_[c * columns() + k];
    for (std::size_t k = 0; k < categories_.size(); ++k) predicted += confusion_[k * columns() + c];
    areas.both.push_back(confusion_[c * columns() + c]);
    areas.predicted.push_back(predicted);
    areas.labelled.push_back(labelled);
  }
  return areas;
}

std::vector<double> MeanIou::class_ious() const { return class_scores(areas()).iou; }

double MeanIou::mean_of_present() const { return mean_of_numbers(class_ious()); }

Report MeanIou::report() const {
  return rules_ == MiouRules::kMmseg ? mmseg_report() : videoknet_report();
}

void MeanIou::add_confusion(Report& report) const {
  ClassConfusion& confusion = report.confusion.emplace();
  for (std::size_t c = 0; c < categories_.size(); ++c) {
    const auto begin = confusion_.begin() + static_cast<std::ptrdiff_t>(c * columns());
    confusion.counts.emplace_back(begin, begin + static_cast<std::ptrdiff_t>(columns()));
    confusion.rows.push_back(fmt::format("{} {}", c, categories_[c].name));
  }
  confusion.columns = confusion.rows;
  confusion.columns.push_back("no class");
  report.json["confusion"] = confusion.counts;
}

Report MeanIou::videoknet_report() const {
  const std::vector<double> ious = class_ious();
  double sum = 0;
  for (const double iou : ious)
    if (!std::isnan(iou)) sum += iou;
  const double all = sum / static_cast<double>(categories_.size());

  Report report;
  report.json["IoU_per_class"] = ious;
  report.json["mIoU"] = 100 * all;
  report.json["mIoU_present_classes"] = 100 * mean_of_present();
  report.json["pictures"] = pictures_;
  add_confusion(report);
  Table per_class{"mIoU", {"class", "IoU"}, {}};
  for (std::size_t c = 0; c < categories_.size(); ++c)
    per_class.rows.push_back({report.confusion->rows[c], format_percent(ious[c], 2)});
  per_class.rows.push_back({"mean (absent classes as 0)", format_percent(all, 2)});
  per_class.rows.push_back({"mean of present classes", format_percent(mean_of_present(), 2)});
  report.headline = {{"mIoU", format_percent(all, 2)},
                     {"mIoU, present classes", format_percent(mean_of_present(), 2)}};
  report.tables = {per_class};
  return report;
}

Report MeanIou::mmseg_report() const {
  const ClassScores scores = class_scores(areas());
  const std::pair<const char*, const std::vector<double>&> columns_of_table[] = {
      {"IoU", scores.iou},       {"Acc", scores.accuracy},        {"Dice", scores.dice},
      {"Fscore", scores.fscore}, {"Precision", scores.precision}, {"Recall", scores.recall}};

  Report report;
  report.json["aAcc"] = scores.all_accuracy;
  Table per_class{"mmseg", {"class"}, {}};
  Table summary{"mean", {"aAcc"}, {{format_percent(scores.all_accuracy, 2)}}};
  for (const auto& [name, values] : columns_of_table) {
    const double mean = mean_of_numbers(values);
    report.json[fmt::format("m{}", name)] = mean;
    per_class.header.push_back(name);
    summary.header.push_back(fmt::format("m{}", name));
    summary.rows[0].push_back(format_percent(mean, 2));
  }
  for (const auto& [name, values] : columns_of_table) report.json[name] = values;
  report.json["pictures"] = pictures_;
  add_confusion(report);
  for (std::size_t c = 0; c < categories_.size(); ++c) {
    auto& row = per_class.rows.emplace_back();
    row.push_back(report.confusion->rows[c]);
    for (const auto& [name, values] : columns_of_table) row.push_back(format_percent(values[c], 2));
  }
  report.headline = {{"mIoU", format_percent(mean_of_numbers(scores.iou), 2)},
                     {"aAcc", format_percent(scores.all_accuracy, 2)}};
  report.tables = {per_class, summary};
  return report;
}

void MeanIou::merge(const Metric& other) {
  const auto& that = dynamic_cast<const MeanIou&>(other);
  if (categories_ != that.categories_ || ignore_label_ != that.ignore_label_ ||
      rules_ != that.rules_)
    fail("the parts have different classes or follow different rules");
  pictures_ += that.pictures_;
  for (std::size_t i = 0; i < confusion_.size(); ++i) confusion_[i] += that.confusion_[i];
  for (std::size_t i = 0; i < elsewhere_.size(); ++i) elsewhere_[i] += that.elsewhere_[i];
}

nlohmann::json MeanIou::save() const {
  return {{"categories", save_categories(categories_)},
          {"ignore_label", ignore_label_},
          {"pictures", pictures_},
          {"mmseg_rules", rules_ == MiouRules::kMmseg},
          {"confusion", confusion_},
          {"elsewhere", elsewhere_}};
}

std::unique_ptr<Metric> MeanIou::restore(const nlohmann::json& saved) {
  auto metric = std::make_unique<MeanIou>(
      restore_categories(saved.at("categories")), saved.at("ignore_label"),
      saved.at("mmseg_rules").get<bool>() ? MiouRules::kMmseg : MiouRules::kVideoKNet);
  const auto confusion = saved.at("confusion").get<std::vector<std::int64_t>>();
  const auto elsewhere = saved.at("elsewhere").get<std::vector<std::int64_t>>();
  if (confusion.size() != metric->confusion_.size() ||
      elsewhere.size() != metric->elsewhere_.size())
    fail("a confusion matrix of another size");
  metric->confusion_ = confusion;
  metric->elsewhere_ = elsewhere;
  metric->pictures_ = saved.at("pictures");
  return metric;
}

}  // namespace tessera
