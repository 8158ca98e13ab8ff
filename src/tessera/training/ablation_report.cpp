#include "tessera/training/ablation_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/data/loader/data_config.h"
#include "tessera/data/open_dataset.h"
#include "tessera/data/step_png.h"
#include "tessera/report/html.h"
#include "tessera/report/track_timeline.h"
#include "tessera/training/log_curves.h"
#include "tessera/training/video_scorer.h"

namespace tessera {
namespace {

namespace fs = std::filesystem;

struct Spread {
  double mean = 0, deviation = 0;
  std::size_t count = 0;
};

/// Mean and sample deviation.
Spread spread_of(const std::vector<double>& values) {
  Spread spread;
  spread.count = values.size();
  for (const double value : values) spread.mean += value / static_cast<double>(values.size());
  double squares = 0;
  for (const double value : values) squares += (value - spread.mean) * (value - spread.mean);
  if (values.size() > 1)
    spread.deviation = std::sqrt(squares / static_cast<double>(values.size() - 1));
  return spread;
}

/// The scores of a variant by name, over its seeds.
std::vector<std::pair<std::string, Spread>> scores_of(const std::vector<AblationRun>& runs,
                                                      std::size_t variant) {
  std::vector<std::pair<std::string, std::vector<double>>> values;
  for (const AblationRun& run : runs) {
    if (run.variant != variant) continue;
    if (values.empty())
      for (const auto& [name, value] : run.scores) values.emplace_back(name, std::vector<double>());
    for (std::size_t i = 0; i < run.scores.size(); ++i)
      values[i].second.push_back(run.scores[i].second);
  }
  std::vector<std::pair<std::string, Spread>> scores;
  for (const auto& [name, list] : values) scores.emplace_back(name, spread_of(list));
  return scores;
}

Table table_of(const Ablation& ablation, const std::vector<AblationRun>& runs) {
  Table table{"", {"variant"}, {}};
  for (std::size_t v = 0; v < ablation.variants.size(); ++v) {
    std::vector<std::string> row = {ablation.variants[v].name};
    for (const auto& [name, spread] : scores_of(runs, v)) {
      if (v == 0) table.header.push_back(name);
      row.push_back(spread.count > 1 ? fmt::format("{:.1f} ± {:.1f}", spread.mean, spread.deviation)
                                     : fmt::format("{:.1f}", spread.mean));
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

std::string as_markdown(const Table& table) {
  const auto line = [](const std::vector<std::string>& cells) {
    std::string text = "|";
    for (const std::string& cell : cells) text += " " + cell + " |";
    return text + "\n";
  };
  std::string text = line(table.header) + "|---|";
  for (std::size_t i = 1; i < table.header.size(); ++i) text += "---:|";
  text += "\n";
  for (const auto& row : table.rows) text += line(row);
  return text;
}

std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) result += c == '"' ? std::string("\"\"") : std::string(1, c);
  return result + "\"";
}

std::string as_csv(const Ablation& ablation, const std::vector<AblationRun>& runs) {
  std::string text = "variant,seed";
  for (const auto& [name, value] : runs.front().scores) text += "," + name;
  text += "\n";
  for (const AblationRun& run : runs) {
    text += fmt::format("{},{}", quoted(ablation.variants[run.variant].name), run.seed);
    for (const auto& [name, value] : run.scores) text += fmt::format(",{}", value);
    text += "\n";
  }
  return text;
}

nlohmann::ordered_json as_json(const Ablation& ablation, const std::vector<AblationRun>& runs) {
  nlohmann::ordered_json json = {{"study", ablation.name},
                                 {"config", ablation.config.string()},
                                 {"split", ablation.split},
                                 {"seeds", ablation.seeds}};
  for (std::size_t v = 0; v < ablation.variants.size(); ++v) {
    nlohmann::ordered_json variant = {{"name", ablation.variants[v].name},
                                      {"overrides", ablation.variants[v].overrides}};
    for (const auto& [name, spread] : scores_of(runs, v))
      variant["scores"][name] = {{"mean", spread.mean}, {"deviation", spread.deviation}};
    for (const AblationRun& run : runs) {
      if (run.variant != v) continue;
      nlohmann::ordered_json one = {{"seed", run.seed}};
      for (const auto& [name, value] : run.scores) one[name] = value;
      variant["runs"].push_back(std::move(one));
    }
    json["variants"].push_back(std::move(variant));
  }
  return json;
}

/// Bars of each score with the deviation as a line, one group a score.
std::string bar_chart(const Ablation& ablation, const std::vector<AblationRun>& runs) {
  constexpr int kBar = 16, kGap = 26, kLeft = 230, kWidth = 440;
  const char* colors[] = {"#2f6fde", "#d9822b", "#3a9d5d", "#a04fb5"};
  std::string bars;
  int y = 10;
  for (std::size_t v = 0; v < ablation.variants.size(); ++v) {
    const auto scores = scores_of(runs, v);
    bars += fmt::format("<text x=\"0\" y=\"{}\">{}</text>", y + kBar - 4,
                        html::escape(ablation.variants[v].name));
    for (std::size_t i = 0; i < scores.size(); ++i) {
      const auto& [name, spread] = scores[i];
      const auto at = [&](double value) {
        return kLeft + kWidth * std::clamp(value, 0.0, 100.0) / 100;
      };
      bars += fmt::format(
          "<rect x=\"{}\" y=\"{}\" width=\"{:.1f}\" height=\"{}\" fill=\"{}\"/>"
          "<line x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{}\" y2=\"{}\" stroke=\"currentColor\"/>"
          "<text x=\"{:.1f}\" y=\"{}\">{} {:.1f}</text>",
          kLeft, y, at(spread.mean) - kLeft, kBar - 3, colors[i % std::size(colors)],
          at(spread.mean - spread.deviation), at(spread.mean + spread.deviation), y + kBar / 2 - 1,
          y + kBar / 2 - 1, at(spread.mean + spread.deviation) + 6, y + kBar - 5,
          html::escape(name), spread.mean);
      y += kBar;
    }
    y += kGap;
  }
  return fmt::format(
      "<svg viewBox=\"0 0 760 {}\" width=\"760\" role=\"img\" font-size=\"11\" "
      "fill=\"currentColor\" xmlns=\"http://www.w3.org/2000/svg\">{}</svg>",
      y, bars);
}

/// Loss over the iterations of every training.
std::string loss_chart(const Ablation& ablation, const std::vector<AblationRun>& runs) {
  std::vector<ChartLine> lines;
  std::vector<fs::path> drawn;
  for (const AblationRun& run : runs) {
    if (std::find(drawn.begin(), drawn.end(), run.training) != drawn.end()) continue;
    drawn.push_back(run.training);
    ChartLine line = log_curve(read_train_log(run.training / "log.jsonl")["train"], "loss");
    line.name = fmt::format("{}, seed {}", ablation.variants[run.variant].name, run.seed);
    lines.push_back(std::move(line));
  }
  return line_chart("Loss", "iteration", lines);
}

std::string video_of(const fs::path& path) {
  if (!fs::exists(path)) return "";
  return fmt::format(
      "<video controls loop muted autoplay playsinline style=\"max-width:100%\" "
      "src=\"data:video/mp4;base64,{}\"></video>",
      html::base64(read_file(path)));
}

/// The first sequence of a run: its video and its tracks.
std::string first_sequence(const AblationRun& run, const Dataset& dataset,
                           const std::string& heading) {
  const SequenceInfo& sequence = dataset.sequences().front();
  VideoScorer scorer(dataset.classes());
  scorer.begin_sequence(0, sequence.name);
  TrackTimeline timeline;
  for (std::size_t i = sequence.first; i < sequence.first + sequence.count; ++i) {
    scorer.add(*dataset.load_labels(i).panoptic,
               read_prediction(run.predictions, sequence, dataset.frames()[i], dataset));
    timeline.add_frame(scorer.last_pairs());
  }
  std::vector<std::string> names;
  for (const ClassInfo& info : dataset.classes()) names.push_back(info.name);
  return html::section(heading,
                       "The first sequence. A row is a true object, a colour the predicted track "
                       "that covers it: one "
                       "colour from left to right is an object that was never lost.",
                       video_of(run.predictions / "video" / (sequence.name + ".mp4")) +
                           timeline.draw("sequence " + sequence.name, names));
}

}  // namespace

std::unique_ptr<Dataset> open_split(const Config& config, const std::string& split) {
  auto spec = config.section<DatasetSpec>("validation");
  spec.split = split;
  return open_dataset(spec);
}

PanopticMap read_prediction(const fs::path& predictions, const SequenceInfo& sequence,
                            const FrameInfo& frame, const Dataset& dataset) {
  return read_step_png(
      predictions / "final" / sequence.name / fmt::format("{:06}.png", frame.key.frame),
      dataset.classes());
}

void write_ablation_report(const Ablation& ablation, const AblationOptions& options,
                           const std::vector<AblationRun>& runs) {
  const Table table = table_of(ablation, runs);
  write_text_file(options.out / "table.md", as_markdown(table));
  write_text_file(options.out / "table.csv", as_csv(ablation, runs));
  write_text_file(options.out / "results.json", as_json(ablation, runs).dump(1));
  const std::string plot = bar_chart(ablation, runs);
  write_text_file(options.out / "plot.svg", plot);
  const auto dataset = open_split(Config::load(ablation.config, options.set), ablation.split);
  std::string body = html::title("Study", ablation.name,
                                 {{"configuration", ablation.config.string()},
                                  {"split", ablation.split},
                                  {"seeds", fmt::format("{}", ablation.seeds.size())}}) +
                     html::section("Scores", "In percent, mean and deviation over the seeds.",
                                   html::table(table) + plot) +
                     html::section("Training", "", loss_chart(ablation, runs));
  for (std::size_t v = 0; v < ablation.variants.size(); ++v) {
    const auto first = std::find_if(runs.begin(), runs.end(),
                                    [&](const AblationRun& run) { return run.variant == v; });
    body += first_sequence(*first, *dataset, ablation.variants[v].name);
  }
  write_text_file(options.out / "report.html", html::page("Study", body));
}

}  // namespace tessera
