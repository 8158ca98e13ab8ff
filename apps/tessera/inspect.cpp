#include <fmt/format.h>

#include <filesystem>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "command.h"
#include "tessera/checkpoint/checkpoint.h"
#include "tessera/core/config.h"
#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/core/log.h"
#include "tessera/data/inspect/find_splits.h"
#include "tessera/data/loader/data_config.h"
#include "tessera/data/synth/synthesize.h"
#include "tessera/image/image_io.h"
#include "tessera/inference/model_summary.h"
#include "tessera/report/contact_sheet.h"
#include "tessera/report/dataset_report.h"
#include "torch_commands.h"

namespace tessera::app {
namespace {

namespace fs = std::filesystem;

struct Options : CommonOptions {
  std::string path, key, format, split, sheet, size = "1248x384";
  bool data = false;                ///< the datasets of a configuration that has a model, too
  std::optional<std::string> json;  ///< a file; "-" is standard output
};

void print(const Options& options, const std::string& text, const std::string& json) {
  if (!options.json)
    fmt::print("{}", text);
  else if (*options.json == "-")
    fmt::print("{}", json);
  else
    write_text_file(*options.json, json);
}

void inspect_checkpoint(const Options& options) {
  const Checkpoint checkpoint = open_checkpoint(options.path, options.key);
  print(options, checkpoint_table(checkpoint), checkpoint_json(checkpoint));
}

/// Reports what is there first; that something is wrong is an error all the same.
void inspect_dataset(const Options& options, const std::vector<DatasetSpec>& specs) {
  std::vector<SplitInspection> splits;
  for (const DatasetSpec& spec : specs)
    splits.push_back(inspect_split(spec, options.thread_count()));
  print(options, dataset_report_text(splits), dataset_report_json(splits));
  if (!options.sheet.empty()) {
    write_png(options.sheet, draw_contact_sheet(splits));
    spdlog::info("contact sheet in {}", options.sheet);
  }
  std::string wrong;
  for (const SplitInspection& split : splits)
    if (split.problems.has_errors())
      wrong += fmt::format("{}{}: {}", wrong.empty() ? "" : "; ", name_of(split.spec),
                           split.problems.summary());
  if (!wrong.empty()) fail("{}: {}", options.path, wrong);
}

std::vector<DatasetSpec> splits_of_folder(const Options& options) {
  std::optional<DatasetFormat> format;
  if (!options.format.empty()) format = dataset_format_from_name(options.format);
  return find_splits(options.path, format, options.split);
}

/// What a configuration trains and validates on; `dataset` alone is a dataset's own configuration.
std::vector<DatasetSpec> splits_of_config(const std::string& path, const Config& config) {
  std::vector<DatasetSpec> specs;
  const auto add = [&](const ConfigNode* node, const char* key) {
    if (node != nullptr) ConfigReader::fill(*node, key, specs.emplace_back());
  };
  add(config.root().find("dataset"), "dataset");
  if (const ConfigNode* data = config.root().find("data"))
    add(data->find("dataset"), "data.dataset");
  add(config.root().find("validation"), "validation");
  if (specs.empty()) fail("{}: names no dataset to inspect", path);
  return specs;
}

std::string model_table(const ModelSummary& summary) {
  constexpr double kBillion = 1e9;
  PartWork whole = {"together"};
  std::string text =
      fmt::format("{:<16}{:>14}{:>22}\n", "part", "parameters", "GFLOPs (multiply-adds)");
  const auto add = [&text](const PartWork& part) {
    fmt::format_to(std::back_inserter(text), "{:<16}{:>14}{:>22.3f}\n", part.name, part.parameters,
                   static_cast<double>(part.multiply_adds) / kBillion);
  };
  for (const PartWork& part : summary.parts) {
    add(part);
    whole.parameters += part.parameters;
    whole.multiply_adds += part.multiply_adds;
  }
  add(whole);
  return text + fmt::format("for an input of {}\n", to_string(summary.input));
}

std::string model_json(const ModelSummary& summary) {
  nlohmann::ordered_json json = {{"input", {summary.input.width, summary.input.height}}};
  for (const PartWork& part : summary.parts)
    json["parts"][part.name] = {{"parameters", part.parameters},
                                {"multiply_adds", part.multiply_adds}};
  return json.dump(2) + "\n";
}

void inspect_config(const Options& options) {
  const Config config = Config::load(options.path);
  if (options.data || config.root().find("model") == nullptr)
    return inspect_dataset(options, splits_of_config(options.path, config));
  const ModelSummary summary = summarize_model(config, synth::parse_size(options.size));
  print(options, model_table(summary), model_json(summary));
}

void inspect(const Options& options) {
  const fs::path path = options.path;
  if (fs::is_directory(path))
    inspect_dataset(options, splits_of_folder(options));
  else if (path.extension() == ".yaml")
    inspect_config(options);
  else
    inspect_checkpoint(options);
}

}  // namespace

void add_inspect_command(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command = add_command(app, "inspect", torch_command_description("inspect"),
                                  "tessera inspect street --sheet street.png", *options,
                                  [options] { inspect(*options); });
  command
      ->add_option(
          "PATH", options->path,
          "Checkpoint (.pth, .pt, .pkl, .safetensors), folder of a dataset, or a .yaml: of "
          "a dataset, or of a model, whose parts are then counted")
      ->required();
  command->add_option("--key", options->key, "Part of a PyTorch file, such as optimizer.state");
  command->add_option("--format", options->format,
                      "Format of the dataset (default: told by its layout)");
  command->add_option("--split", options->split, "One split of the dataset (default: all)");
  command
      ->add_option("--size", options->size,
                   "Of a model: the picture that its operations are counted for")
      ->capture_default_str();
  command->add_flag("--data", options->data,
                    "Of a model's configuration: the datasets that it trains and is validated on");
  command->add_option("--sheet", options->sheet, "Draw a contact sheet of the dataset: FILE.png");
  command->add_option("--json", options->json, "Print JSON, or write it to a file")
      ->expected(0, 1)
      ->default_str("-");
}

}  // namespace tessera::app
