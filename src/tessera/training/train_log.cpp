#include "tessera/training/train_log.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/core/log.h"
#include "tessera/core/progress.h"
#include "tessera/core/text.h"

namespace tessera {

TrainLog::TrainLog(const std::filesystem::path& folder, bool resume, std::int64_t iteration)
    : path_(folder / "log.jsonl"), events_(folder, resume ? iteration : 0) {
  std::string kept;
  if (resume && std::filesystem::exists(path_)) {
    std::ifstream old(path_);
    for (std::string line; std::getline(old, line);) {
      // The last line may have been cut off when the process was killed.
      const auto json = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
      if (json.is_object() && json.value("iteration", iteration + 1) <= iteration)
        kept += line + "\n";
    }
  }
  write_text_file(path_, kept);
  file_.open(path_, std::ios::app);
}

void TrainLog::write(const TrainLine& line) {
  nlohmann::ordered_json json = {
      {"kind", "train"}, {"iteration", line.iteration}, {"epoch", line.epoch}, {"lr", line.lr}};
  for (const auto& [name, value] : line.terms) json[name] = value;
  json["gradient_norm"] = line.gradient_norm;
  json["step_seconds"] = line.step_seconds;
  json["data_seconds"] = line.data_seconds;
  json["samples_per_second"] = line.samples_per_second;
  json["memory_bytes"] = line.memory_bytes;
  json["skipped_samples"] = line.skipped_samples;
  append(json.dump());
  std::vector<std::pair<std::string, double>> scalars;
  for (const auto& [name, value] : json.items())
    if (name != "kind" && name != "iteration")
      scalars.emplace_back("train/" + name, value.get<double>());
  events_.add(line.iteration, scalars);
  spdlog::info("{}", to_text(line));
}

void TrainLog::write(std::int64_t iteration, const Scores& scores) {
  nlohmann::ordered_json json = {{"kind", "validation"}, {"iteration", iteration}};
  std::string text;
  for (const auto& [name, value] : scores) {
    json[name] = value;
    text += fmt::format("  {} {:.2f}", name, value);
  }
  append(json.dump());
  std::vector<std::pair<std::string, double>> scalars;
  for (const auto& [name, value] : scores) scalars.emplace_back("validation/" + name, value);
  events_.add(iteration, scalars);
  spdlog::info("validation after iteration {}:{}", iteration, text);
}

void TrainLog::append(const std::string& json) {
  file_ << json << std::endl;
  if (!file_) fail("{}: cannot be written; is the disk full?", path_.string());
}

std::string to_text(const TrainLine& line) {
  std::string terms;
  double loss = 0;
  for (const auto& [name, value] : line.terms) {
    if (name == "loss")
      loss = value;
    else
      terms += fmt::format("{}{} {:.4g}", terms.empty() ? "" : ", ", name, value);
  }
  return fmt::format(
      "iteration {}/{}  epoch {:.2f}  loss {:.4g} ({})  gradient {:.3g}  lr {:.3g}  {:.3f} s/step, "
      "data {:.0f} %  {:.1f} samples/s  {}  {} left",
      line.iteration, line.iterations, line.epoch, loss, terms, line.gradient_norm, line.lr,
      line.step_seconds, line.step_seconds > 0 ? 100 * line.data_seconds / line.step_seconds : 0,
      line.samples_per_second, format_bytes(line.memory_bytes),
      format_duration(line.remaining_seconds));
}

}  // namespace tessera
