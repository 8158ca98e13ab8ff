#include "tessera/training/training_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "tessera/core/file.h"
#include "tessera/core/progress.h"
#include "tessera/report/html.h"
#include "tessera/report/line_chart.h"
#include "tessera/training/log_curves.h"

namespace tessera {
namespace {

using Json = nlohmann::ordered_json;

/// The keys of the newest line for which `wanted` holds.
template <class Wanted>
std::vector<ChartLine> curves(const std::vector<Json>& lines, const Wanted& wanted) {
  std::vector<ChartLine> result;
  for (const auto& [key, value] : lines.back().items())
    if (wanted(key)) result.push_back(log_curve(lines, key));
  return result;
}

std::string training_charts(const std::vector<Json>& lines) {
  std::string charts = line_chart("Loss", "iteration", {log_curve(lines, "loss")});
  // Terms of one stage or part share a chart.
  std::map<std::string, std::vector<ChartLine>> groups;
  for (auto& line : curves(lines, [](const std::string& key) {
         return key != "loss" && key.find("loss") != std::string::npos;
       }))
    groups[line.name.substr(line.name.rfind('_') + 1)].push_back(std::move(line));
  for (const auto& [name, group] : groups)
    charts += line_chart("Loss: " + name, "iteration", group, /*logarithmic=*/true);
  charts += line_chart("Learning rate", "iteration", {log_curve(lines, "lr")});
  charts += line_chart("Norm of the gradient", "iteration", {log_curve(lines, "gradient_norm")},
                       /*logarithmic=*/true);
  charts += line_chart("Seconds a step", "iteration",
                       {log_curve(lines, "step_seconds"), log_curve(lines, "data_seconds")});
  return charts;
}

std::vector<html::NamedText> newest_numbers(const std::vector<Json>& training,
                                            const std::vector<Json>& validation) {
  const Json& newest = training.back();
  std::vector<html::NamedText> numbers = {
      {"iteration", fmt::format("{}", newest["iteration"].get<std::int64_t>())},
      {"loss", fmt::format("{:.3g}", newest["loss"].get<double>())}};
  if (!validation.empty())
    for (const auto& [key, value] : validation.back().items())
      if (key != "kind" && key != "iteration" && numbers.size() < 6)
        numbers.emplace_back(key,
                             value.is_number() ? fmt::format("{:.1f}", value.get<double>()) : "-");
  return numbers;
}

}  // namespace

void TrainingReport::set_samples(std::int64_t iteration, std::vector<ValidationSample> samples) {
  samples_of_ = iteration;
  samples_ = std::move(samples);
}

void TrainingReport::refresh() const {
  auto log = read_train_log(folder_ / "log.jsonl");
  const auto &training = log["train"], &validation = log["validation"];
  if (training.empty()) return;
  std::string body = html::title("Training", folder_.filename().string(), {}) +
                     html::tiles(newest_numbers(training, validation));
  if (!validation.empty())
    body += html::section(
        "Validation", "In percent.",
        line_chart("Scores", "iteration", curves(validation, [](const std::string& key) {
                     return key != "kind" && key != "iteration";
                   })));
  body += html::section("Training", "Means over the iterations between two lines of the log.",
                        training_charts(training));
  if (!samples_.empty()) {
    std::string pictures;
    for (const ValidationSample& sample : samples_)
      pictures += html::figure(sample.name, "",
                               {{"truth", sample.truth}, {"prediction", sample.prediction}});
    body += html::section(
        "Predictions",
        fmt::format("The first validation pictures after iteration {}.", samples_of_), pictures);
  }
  write_text_file(folder_ / "report.html", html::page("Training", body));
}

}  // namespace tessera
