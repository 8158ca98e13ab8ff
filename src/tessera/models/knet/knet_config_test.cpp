#include "tessera/models/knet/knet_config.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <map>
#include <nlohmann/json.hpp>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/nn/tensor_io.h"
#include "test_support.h"

namespace tessera {
namespace {

KNet make_net(const std::string& name) {
  return KNet(Config::load(test::source_dir() / "configs/knet" / (name + ".yaml"))
                  .section<KNetOptions>("model"));
}

using Keys = std::map<std::string, std::vector<std::int64_t>>;

Keys keys_of(const torch::nn::Module& module) {
  Keys keys;
  for (const auto& [name, tensor] : named_state(module)) keys[name] = tensor.sizes().vec();
  return keys;
}

/// Names and shapes of the released checkpoints.
Keys official_keys(const std::string& file) {
  return nlohmann::json::parse(read_text_file(test::golden_dir() / "knet_det" / file)).get<Keys>();
}

std::int64_t parameters_of(const torch::nn::Module& module) {
  std::int64_t count = 0;
  for (const auto& parameter : module.parameters()) count += parameter.numel();
  return count;
}

TEST(KNetConfig, InstanceModelsHaveTheReleasedKeys) {
  const KNet net = make_net("knet_s3_r50_fpn_1x_coco");
  EXPECT_EQ(keys_of(*net), official_keys("keys_knet_r50_instance.json"));
  EXPECT_EQ(parameters_of(*net), 37482368);
}

TEST(KNetConfig, PanopticModelsHaveTheReleasedKeys) {
  const KNet net = make_net("knet_s3_r50_fpn_ms-3x_coco-panoptic");
  EXPECT_EQ(keys_of(*net), official_keys("keys_knet_r50_panoptic.json"));
  EXPECT_EQ(parameters_of(*net), 37536852);
}

TEST(KNetConfig, DeformableModelsHaveTheReleasedBackbone) {
  const Keys keys = keys_of(*make_net("knet_s3_r101_dcn-c3-c5_fpn_ms-3x_coco-panoptic"));
  for (const auto& [name, shape] : official_keys("keys_r101_dcn_fpn.json")) {
    ASSERT_TRUE(keys.contains(name)) << name;
    EXPECT_EQ(keys.at(name), shape) << name;
  }
}

TEST(KNetConfig, EveryFileMakesAModel) {
  int count = 0;
  for (const auto& path : list_files(test::source_dir() / "configs/knet", ".yaml")) {
    if (Config::load(path).section_text("model", "type") != "knet") continue;
    EXPECT_GT(parameters_of(*make_net(path.stem().string())), 37000000) << path;
    ++count;
  }
  EXPECT_EQ(count, 9);
}

}  // namespace
}  // namespace tessera
