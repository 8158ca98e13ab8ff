#include "tessera/metrics/miou.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "tessera/core/error.h"

namespace tessera {

MeanIou::MeanIou(std::vector<Category> categories, int ignore_label)
    : categories_(std::move(categories)),
      ignore_label_(ignore_label),
      confusion_(categories_.size() * columns(), 0) {}

void MeanIou::add(const PairTable& pairs) {
  ++pictures_;
  for (const PairCount& pair : pairs) {
    if (pair.gt == static_cast<std::uint32_t>(ignore_label_)) continue;
    if (pair.gt >= categories_.size())
      fail("the ground truth has class {}; known are 0 to {} and {} (unlabelled)", pair.gt,
           categories_.size() - 1, ignore_label_);
    const std::size_t column = std::min<std::size_t>(pair.pred, columns() - 1);
    confusion_[pair.gt * columns() + column] += pair.count;
  }
}

std::vector<double> MeanIou::class_ious() const {
  std::vector<double> ious;
  for (std::size_t c = 0; c < categories_.size(); ++c) {
    std::int64_t labelled = 0, predicted = 0;
    for (std::size_t k = 0; k < columns(); ++k) labelled += confusion_[c * columns() + k];
    for (std::size_t k = 0; k < categories_.size(); ++k) predicted += confusion_[k * columns() + c];
    const std::int64_t both = confusion_[c * columns() + c];
    const std::int64_t union_size = labelled + predicted - both;
    ious.push_back(union_size == 0 ? std::numeric_limits<double>::quiet_NaN()
                                   : static_cast<double>(both) / static_cast<double>(union_size));
  }
  return ious;
}

double MeanIou::mean_of_present() const {
  double sum = 0;
  int n = 0;
  for (const double iou : class_ious()) {
    if (std::isnan(iou)) continue;
    sum += iou;
    ++n;
  }
  return n == 0 ? std::numeric_limits<double>::quiet_NaN() : sum / n;
}

Report MeanIou::report() const {
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
  ClassConfusion& confusion = report.confusion.emplace();
  Table per_class{"mIoU", {"class", "IoU"}, {}};
  for (std::size_t c = 0; c < categories_.size(); ++c) {
    const auto begin = confusion_.begin() + static_cast<std::ptrdiff_t>(c * columns());
    confusion.counts.emplace_back(begin, begin + static_cast<std::ptrdiff_t>(columns()));
    confusion.rows.push_back(fmt::format("{} {}", c, categories_[c].name));
    per_class.rows.push_back({confusion.rows.back(), format_percent(ious[c], 2)});
  }
  confusion.columns = confusion.rows;
  confusion.columns.push_back("no class");
  report.json["confusion"] = confusion.counts;
  per_class.rows.push_back({"mean (absent classes as 0)", format_percent(all, 2)});
  per_class.rows.push_back({"mean of present classes", format_percent(mean_of_present(), 2)});
  report.headline = {{"mIoU", format_percent(all, 2)},
                     {"mIoU, present classes", format_percent(mean_of_present(), 2)}};
  report.tables = {per_class};
  return report;
}

void MeanIou::merge(const Metric& other) {
  const auto& that = dynamic_cast<const MeanIou&>(other);
  if (categories_ != that.categories_ || ignore_label_ != that.ignore_label_)
    fail("the parts have different classes");
  pictures_ += that.pictures_;
  for (std::size_t i = 0; i < confusion_.size(); ++i) confusion_[i] += that.confusion_[i];
}

nlohmann::json MeanIou::save() const {
  return {{"categories", save_categories(categories_)},
          {"ignore_label", ignore_label_},
          {"pictures", pictures_},
          {"confusion", confusion_}};
}

std::unique_ptr<Metric> MeanIou::restore(const nlohmann::json& saved) {
  auto metric = std::make_unique<MeanIou>(restore_categories(saved.at("categories")),
                                          saved.at("ignore_label"));
  const auto confusion = saved.at("confusion").get<std::vector<std::int64_t>>();
  if (confusion.size() != metric->confusion_.size()) fail("a confusion matrix of another size");
  metric->confusion_ = confusion;
  metric->pictures_ = saved.at("pictures");
  return metric;
}

}  // namespace tessera
