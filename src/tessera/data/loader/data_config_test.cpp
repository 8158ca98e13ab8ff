#include "tessera/data/loader/data_config.h"

#include <gtest/gtest.h>

#include <string>

#include "tessera/core/error.h"
#include "test_support.h"

namespace tessera {
namespace {

DataConfig load_kitti_step(const std::vector<std::string>& overrides) {
  return Config::load(test::source_dir() / "configs/data/kitti_step.yaml", overrides)
      .read<DataConfig>();
}

TEST(DataConfig, ReadsTheKittiStepPipeline) {
  const DataConfig config = load_kitti_step({"loader.batch_size=4"});
  EXPECT_EQ(config.dataset.format, DatasetFormat::kKittiStep);
  EXPECT_EQ(config.pipeline.steps.size(), 4u);
  ASSERT_TRUE(config.references);
  EXPECT_EQ(config.references->first, -2);
  EXPECT_EQ(config.loader.sampler.batch_size, 4);
}

TEST(DataConfig, RefusesValuesOutOfRangeByTheirKey) {
  try {
    load_kitti_step({"loader.prefetch=0"});
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("loader.prefetch"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace tessera
