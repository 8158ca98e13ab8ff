#include "tessera/models/knet/knet_config.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/models/released_keys.h"

namespace tessera {
namespace {

KNet knet_of(const std::string& name) {
  return KNet(Config::load(test::source_dir() / "configs/knet" / (name + ".yaml"))
                  .section<KNetOptions>("model"));
}

using test::Keys, test::keys_of, test::released_keys;

std::int64_t parameters_of(const torch::nn::Module& module) {
  std::int64_t count = 0;
  for (const auto& parameter : module.parameters()) count += parameter.numel();
  return count;
}

TEST(KNetConfig, InstanceModelsHaveTheReleasedKeys) {
  const KNet net = knet_of("knet_s3_r50_fpn_1x_coco");
  EXPECT_EQ(keys_of(*net), released_keys("knet_det/keys_knet_r50_instance.json"));
  EXPECT_EQ(parameters_of(*net), 37482368);
}

TEST(KNetConfig, PanopticModelsHaveTheReleasedKeys) {
  const KNet net = knet_of("knet_s3_r50_fpn_ms-3x_coco-panoptic");
  EXPECT_EQ(keys_of(*net), released_keys("knet_det/keys_knet_r50_panoptic.json"));
  EXPECT_EQ(parameters_of(*net), 37536852);
}

TEST(KNetConfig, DeformableModelsHaveTheReleasedBackbone) {
  const Keys keys = keys_of(*knet_of("knet_s3_r101_dcn-c3-c5_fpn_ms-3x_coco-panoptic"));
  for (const auto& [name, shape] : released_keys("knet_det/keys_r101_dcn_fpn.json")) {
    ASSERT_TRUE(keys.contains(name)) << name;
    EXPECT_EQ(keys.at(name), shape) << name;
  }
}

TEST(KNetConfig, EveryFileMakesAModel) {
  int count = 0;
  for (const auto& path : list_files(test::source_dir() / "configs/knet", ".yaml")) {
    if (Config::load(path).section_text("model", "type") != "knet") continue;
    EXPECT_GT(parameters_of(*knet_of(path.stem().string())), 37000000) << path;
    ++count;
  }
  EXPECT_EQ(count, 9);
}

}  // namespace
}  // namespace tessera
