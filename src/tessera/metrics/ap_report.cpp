#include "tessera/metrics/ap_report.h"

#include <utility>

namespace tessera {
namespace {

constexpr std::size_t kAll = 0;  // the area range of all objects

/// What is reported of one class.
nlohmann::ordered_json describe_class(const ApSettings& settings, const ApCategory& category,
                                      const ClassAp& values) {
  nlohmann::ordered_json json = {{"name", category.name}};
  for (const ApSummaryLine& line : summarize_ap(settings, {&values, 1}))
    json[line.name] = line.value;
  json["AP_per_iou"] = values.precision[kAll].back();
  json["recall_per_iou"] = values.recall[kAll].back();
  return json;
}

}  // namespace

std::vector<ApCategory> sorted_by_id(std::vector<ApCategory> categories) {
  std::sort(categories.begin(), categories.end(),
            [](const ApCategory& a, const ApCategory& b) { return a.id < b.id; });
  return categories;
}

std::vector<std::int64_t> ids_of(std::span<const ApCategory> categories) {
  std::vector<std::int64_t> ids;
  for (const ApCategory& category : categories) ids.push_back(category.id);
  return ids;
}

nlohmann::json save_ap_categories(std::span<const ApCategory> categories) {
  nlohmann::json saved = nlohmann::json::array();
  for (const ApCategory& category : categories) saved.push_back({category.id, category.name});
  return saved;
}

std::vector<ApCategory> restore_ap_categories(const nlohmann::json& saved) {
  std::vector<ApCategory> categories;
  for (const auto& category : saved) categories.push_back({category.at(0), category.at(1)});
  return categories;
}

void report_ap(const DetectionAp& ap, std::span<const ApCategory> categories,
               const std::string& iou_type, const std::string& title, Report& report) {
  const ApSettings& settings = ap.settings();
  const std::vector<ClassAp> classes = ap.classes();
  nlohmann::ordered_json& json = report.json[iou_type];
  Table summary{"", {title}, {}};
  for (const ApSummaryLine& line : summarize_ap(settings, classes)) {
    json["stats"][line.name] = line.value;
    if (line.name.starts_with("AP") && line.name.size() != 3)  // all sizes
      report.headline.emplace_back(iou_type + " " + line.name, format_number(line.value, 3));
    summary.rows.push_back({line.text});
  }
  Table per_class{iou_type + ", each class", {"class"}, {}};
  for (std::size_t c = 0; c < classes.size(); ++c) {
    json["per_class"][std::to_string(categories[c].id)] =
        describe_class(settings, categories[c], classes[c]);
    std::vector<std::string> row = {categories[c].name};
    for (const ApSummaryLine& line : summarize_ap(settings, {&classes[c], 1})) {
      if (c == 0) per_class.header.push_back(line.name);
      row.push_back(format_number(line.value, 3));
    }
    per_class.rows.push_back(std::move(row));
  }
  report.tables.push_back(std::move(summary));
  report.tables.push_back(std::move(per_class));
}

}  // namespace tessera
