#include "tessera/training/ablation.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/core/interrupt.h"
#include "tessera/core/log.h"
#include "tessera/core/thread_pool.h"
#include "tessera/data/loader/data_config.h"
#include "tessera/data/open_dataset.h"
#include "tessera/data/step_png.h"
#include "tessera/inference/video_predictor.h"
#include "tessera/training/ablation_report.h"
#include "tessera/training/launcher.h"
#include "tessera/training/video_scorer.h"

namespace tessera {
namespace {

namespace fs = std::filesystem;

constexpr const char* kWeights = "last.pth";

/// Letters, digits and dashes, for names of folders.
std::string folder_name(const std::string& text) {
  std::string name;
  for (const char c : text) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '_';
    if (plain)
      name += c;
    else if (!name.empty() && name.back() != '-')
      name += '-';
  }
  return name;
}

/// The values of a factor in the order of the file.
std::vector<Variant> read_values(const ConfigMember& factor) {
  std::vector<Variant> values;
  if (factor.value.kind != ConfigNode::Kind::kMap)
    fail("{}: the factor '{}' is {}; expected its values by name, each a list of overrides",
         factor.value.origin, factor.key, factor.value.show());
  for (const ConfigMember& value : factor.value.members) {
    Variant variant{value.key, {}, {}};
    if (value.value.kind != ConfigNode::Kind::kList)
      fail("{}: the value '{}' is {}; expected a list such as [model.stages=2]", value.value.origin,
           value.key, value.value.show());
    for (const ConfigNode& item : value.value.items) {
      constexpr std::string_view kLoadFrom = "load_from=";
      if (item.text.starts_with(kLoadFrom))
        variant.load_from = item.text.substr(kLoadFrom.size());
      else
        variant.overrides.push_back(item.text);
    }
    values.push_back(std::move(variant));
  }
  return values;
}

/// Every variant with every value.
std::vector<Variant> combine(const std::vector<Variant>& variants,
                             const std::vector<Variant>& values) {
  std::vector<Variant> result;
  for (const Variant& variant : variants)
    for (const Variant& value : values) {
      Variant both = variant;
      both.name += (both.name.empty() ? "" : ", ") + value.name;
      both.overrides.insert(both.overrides.end(), value.overrides.begin(), value.overrides.end());
      if (!value.load_from.empty()) both.load_from = value.load_from;
      result.push_back(std::move(both));
    }
  return result;
}

struct AblationFile {
  fs::path config;
  std::string split = "val";
  std::vector<std::uint64_t> seeds = {0};
  std::map<std::string, std::map<std::string, std::vector<std::string>>> factors;
};

void read_fields(ConfigReader& reader, AblationFile& file) {
  reader.require("config", file.config);
  reader.read("split", file.split);
  reader.read("seeds", file.seeds);
  reader.require("factors", file.factors);
}

class Study {
 public:
  Study(const Ablation& ablation, const AblationOptions& options)
      : ablation_(ablation), options_(options) {}

  std::vector<AblationRun> run() {
    make_directories(options_.out);
    plan();
    parallel_for(trainings_.size(), options_.jobs,
                 [&](std::size_t i, int) { train(trainings_[i]); });
    for (AblationRun& run : runs_) {
      check_interrupt();
      predict(run);
      score(run);
    }
    return runs_;
  }

 private:
  struct Training {
    fs::path folder;
    std::vector<std::string> overrides;
    std::string load_from;
    std::uint64_t seed = 0;
  };

  std::vector<std::string> overrides_of(const Variant& variant) const {
    std::vector<std::string> overrides = options_.set;
    overrides.insert(overrides.end(), variant.overrides.begin(), variant.overrides.end());
    return overrides;
  }

  /// Variants whose overrides differ under "test" only are trained once.
  void plan() {
    std::map<std::string, fs::path> known;
    for (std::size_t v = 0; v < ablation_.variants.size(); ++v) {
      const Variant& variant = ablation_.variants[v];
      Training training;
      training.load_from = variant.load_from.empty() ? options_.load_from : variant.load_from;
      for (const std::string& override : overrides_of(variant))
        if (!override.starts_with("test.")) training.overrides.push_back(override);
      const std::string key =
          fmt::format("{}|{}", fmt::join(training.overrides, "|"), training.load_from);
      for (const std::uint64_t seed : ablation_.seeds) {
        const std::string place = fmt::format("{}/seed-{}", folder_name(variant.name), seed);
        training.folder = options_.out / "trainings" / place;
        training.seed = seed;
        const auto [found, is_new] =
            known.try_emplace(fmt::format("{}|{}", key, seed), training.folder);
        if (is_new) trainings_.push_back(training);
        runs_.push_back({v, seed, found->second, options_.out / "predictions" / place, {}});
      }
    }
  }

  void call(std::vector<std::string> arguments, const fs::path& log,
            const std::string& what) const {
    arguments.insert(arguments.begin(), "tessera");
    if (const int code = run_program(arguments, log); code != 0)
      fail("{} has ended with {}; {} says why", what, code, log.string());
  }

  void train(const Training& training) const {
    if (fs::exists(training.folder / kWeights)) return;
    spdlog::info("training {}", training.folder.string());
    make_directories(training.folder);
    const int threads = std::max(1, options_.threads / (options_.jobs * options_.processes));
    std::vector<std::string> arguments = {"train",       ablation_.config.string(),
                                          "--work-dir",  training.folder.string(),
                                          "--seed",      std::to_string(training.seed),
                                          "--precision", options_.precision,
                                          "--threads",   std::to_string(threads),
                                          "--nproc",     std::to_string(options_.processes),
                                          "--resume",    "--no-validate"};
    if (!training.load_from.empty())
      arguments.insert(arguments.end(), {"--load-from", training.load_from});
    for (const std::string& override : training.overrides)
      arguments.insert(arguments.end(), {"--set", override});
    call(arguments, training.folder / "output.txt", "training " + training.folder.string());
  }

  void predict(const AblationRun& run) const {
    if (fs::exists(run.predictions)) return;
    spdlog::info("predicting {}", run.predictions.string());
    make_directories(run.predictions.parent_path());
    std::vector<std::string> arguments = {"predict",
                                          ablation_.config.string(),
                                          (run.training / kWeights).string(),
                                          ablation_.split,
                                          "-o",
                                          run.predictions.string(),
                                          "--visualize",
                                          "--threads",
                                          std::to_string(options_.threads)};
    for (const std::string& override : overrides_of(ablation_.variants[run.variant]))
      arguments.insert(arguments.end(), {"--set", override});
    const fs::path log = run.predictions.string() + ".txt";
    call(arguments, log, "predicting with " + run.training.string());
  }

  void score(AblationRun& run) const {
    const fs::path path = run.predictions / "scores.json";
    if (!fs::exists(path)) {
      nlohmann::ordered_json json = nlohmann::ordered_json::object();
      for (const auto& [name, value] : score_folder(run.predictions)) json[name] = value;
      write_text_file(path, json.dump(1));
    }
    const auto json = nlohmann::ordered_json::parse(read_text_file(path));
    for (const auto& [name, value] : json.items()) run.scores.emplace_back(name, value);
  }

  Scores score_folder(const fs::path& predictions) const {
    const Config config = Config::load(ablation_.config, options_.set);
    const auto dataset = open_split(config, ablation_.split);
    VideoScorer scorer(dataset->classes());
    for (std::size_t order = 0; order < dataset->sequences().size(); ++order) {
      const SequenceInfo& sequence = dataset->sequences()[order];
      scorer.begin_sequence(order, sequence.name);
      for (std::size_t i = sequence.first; i < sequence.first + sequence.count; ++i) {
        check_interrupt();
        scorer.add(*dataset->load_labels(i).panoptic,
                   read_prediction(predictions, sequence, dataset->frames()[i], *dataset));
      }
    }
    return scorer.scores();
  }

  const Ablation& ablation_;
  const AblationOptions& options_;
  std::vector<Training> trainings_;
  std::vector<AblationRun> runs_;
};

}  // namespace

Ablation read_ablation(const fs::path& path) {
  const Config config = Config::load(path);
  const auto file = config.read<AblationFile>();
  Ablation ablation;
  ablation.name = path.stem().string();
  ablation.config = path.parent_path() / file.config;
  ablation.split = file.split;
  ablation.seeds = file.seeds;
  if (!fs::exists(ablation.config))
    fail("{}: config: {} does not exist", path.string(), ablation.config.string());
  if (ablation.seeds.empty()) fail("{}: seeds: the list is empty", path.string());
  ablation.variants = {Variant{}};
  for (const ConfigMember& factor : config.root().find("factors")->members)
    ablation.variants = combine(ablation.variants, read_values(factor));
  std::set<std::string> names;
  for (const Variant& variant : ablation.variants) {
    if (!names.insert(folder_name(variant.name)).second)
      fail("{}: two variants are called '{}'", path.string(), variant.name);
    with_context(fmt::format("{}: {}", path.string(), variant.name), [&] {
      const Config tried = Config::load(ablation.config, variant.overrides);
      if (!predicts_videos(tried))
        fail("model.type is '{}'; a study needs a model that tracks",
             tried.section_text("model", "type"));
    });
  }
  return ablation;
}

std::vector<AblationRun> run_ablation(const Ablation& ablation, const AblationOptions& options) {
  auto runs = Study(ablation, options).run();
  write_ablation_report(ablation, options, runs);
  return runs;
}

}  // namespace tessera
