// `tessera bench data` with every configuration of configs/data, on streets of their formats.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tessera/core/file.h"
#include "tessera/data/loader/data_config.h"
#include "test_support.h"

namespace tessera::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class BenchDataCli : public TemporaryFolder {
 protected:
  /// A street that can be read as `format`.
  std::string street(DatasetFormat format) {
    std::string name(to_string(format));
    if (name.starts_with("coco")) name = "coco";
    if (name == "cityscapes-step") name = "cityscapes";
    const fs::path root = folder_ / name;
    if (!fs::exists(root)) {
      const ProgramResult drawn =
          run_tessera("synth --quiet " + root.string() + " --format " + name +
                      " --sequences 1 --val-sequences 1 --frames 20 --size 160x96 --seed 3");
      EXPECT_EQ(drawn.exit_code, 0) << drawn.err;
    }
    return root.string();
  }

  /// The overrides that lead a configuration to the streets.
  std::string overrides(const fs::path& config) {
    const DataConfig data = Config::load(config).read<DataConfig>();
    if (!data.mix) return " --set dataset.root=" + street(data.dataset.format);
    std::string all = " --set mix.samples=4";
    for (std::size_t i = 0; i < data.mix->parts.size(); ++i)
      all += " --set mix.parts." + std::to_string(i) +
             ".dataset.root=" + street(data.mix->parts[i].dataset.format);
    return all;
  }
};

TEST_F(BenchDataCli, RunsWithEveryConfiguration) {
  const auto configs = list_files(source_dir() / "configs/data", ".yaml");
  ASSERT_GT(configs.size(), 10u);
  for (const fs::path& config : configs) {
    SCOPED_TRACE(config.filename().string());
    std::string options = overrides(config) + " --set loader.prefetch=1 --batches 1 --json";
    // The street's Mapillary has Cityscapes' classes.
    if (config.stem() == "vishv_mapillary")
      options += " --set 'dataset.classes=!replace {names: [car], from: {car: car}}'";
    const ProgramResult result = run_tessera("bench data --quiet " + config.string() + options);
    ASSERT_EQ(result.exit_code, 0) << result.err;
    const auto report = nlohmann::json::parse(result.out);
    EXPECT_GT(report["frames"], 0);
    EXPECT_GT(report["stage_seconds"]["decode"], 0.0);
    EXPECT_GT(report["stage_seconds"]["collate"], 0.0);
  }
}

TEST_F(BenchDataCli, MixedDatasetsOfOtherClassesAreRefused) {
  const fs::path config = source_dir() / "configs/data/vishv_youtube_vis_mix.yaml";
  const ProgramResult result =
      run_tessera("bench data --quiet " + config.string() + overrides(config) +
                  " --set mix.parts.1.dataset.classes.list=coco"
                  " --set 'mix.parts.1.dataset.classes.from=!replace {car: car}'");
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("pascal-voc"));
  EXPECT_THAT(result.err, HasSubstr("has other classes than the first part"));
}

}  // namespace
}  // namespace tessera::test
