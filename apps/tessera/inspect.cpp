#include <fmt/core.h>

#include <filesystem>
#include <memory>
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
#include "tessera/image/image_io.h"
#include "tessera/report/contact_sheet.h"
#include "tessera/report/dataset_report.h"

namespace tessera::app {
namespace {

namespace fs = std::filesystem;

struct Options : CommonOptions {
  std::string path, key, format, split, sheet;
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
std::vector<DatasetSpec> splits_of_config(const Options& options) {
  const Config config = Config::load(options.path);
  std::vector<DatasetSpec> specs;
  const auto add = [&](const ConfigNode* node, const char* key) {
    if (node != nullptr) ConfigReader::fill(*node, key, specs.emplace_back());
  };
  add(config.root().find("dataset"), "dataset");
  if (const ConfigNode* data = config.root().find("data"))
    add(data->find("dataset"), "data.dataset");
  add(config.root().find("validation"), "validation");
  if (specs.empty()) fail("{}: names no dataset to inspect", options.path);
  return specs;
}

void inspect(const Options& options) {
  const fs::path path = options.path;
  if (fs::is_directory(path))
    inspect_dataset(options, splits_of_folder(options));
  else if (path.extension() == ".yaml")
    inspect_dataset(options, splits_of_config(options));
  else
    inspect_checkpoint(options);
}

}  // namespace

void add_inspect_command(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command = add_command(
      app, "inspect", "Show what a checkpoint or a dataset holds, and what is wrong",
      "tessera inspect street --sheet street.png", *options, [options] { inspect(*options); });
  command
      ->add_option("PATH", options->path,
                   "Checkpoint (.pth, .pt, .pkl, .safetensors), folder of a dataset, or the .yaml "
                   "of one")
      ->required();
  command->add_option("--key", options->key, "Part of a PyTorch file, such as optimizer.state");
  command->add_option("--format", options->format,
                      "Format of the dataset (default: told by its layout)");
  command->add_option("--split", options->split, "One split of the dataset (default: all)");
  command->add_option("--sheet", options->sheet, "Draw a contact sheet of the dataset: FILE.png");
  command->add_option("--json", options->json, "Print JSON, or write it to a file")
      ->expected(0, 1)
      ->default_str("-");
}

}  // namespace tessera::app
