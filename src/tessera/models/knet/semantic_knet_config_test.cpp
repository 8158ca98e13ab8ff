#include "tessera/models/knet/semantic_knet_config.h"

#include <gtest/gtest.h>

#include "tessera/core/error.h"
#include "tessera/models/released_keys.h"

namespace tessera {
namespace {

SemanticKNet semantic_knet_of(const std::string& name) {
  return SemanticKNet(Config::load(test::source_dir() / "configs/knet" / (name + ".yaml"))
                          .section<SemanticKNetOptions>("model"));
}

/// A configuration, the file of the released checkpoint's names and shapes, and how many numbers
/// they hold, buffers included.
struct Released {
  const char* config;
  const char* keys;
  std::size_t tensors;
  std::int64_t numbers;
};

const Released kReleased[] = {
    {"knet_s3_fcn_r50-d8_80k_adamw_ade20k", "knet_fcn_r50-d8", 475, 62867399},
    {"knet_s3_pspnet_r50-d8_80k_adamw_ade20k", "knet_pspnet_r50-d8", 487, 62347209},
    {"knet_s3_deeplabv3_r50-d8_80k_adamw_ade20k", "knet_deeplabv3_r50-d8", 493, 81485770},
    {"knet_s3_upernet_r50-d8_80k_adamw_ade20k", "knet_upernet_r50-d8", 529, 45720272},
    {"knet_s3_upernet_swin-t_80k_adamw_ade20k", "knet_upernet_swin-t", 388, 43668095},
    {"knet_s3_upernet_swin-l_80k_adamw_ade20k", "knet_upernet_swin-l", 556, 214787045},
    {"knet_s3_upernet_swin-l_80k_adamw_640x640_ade20k", "knet_upernet_swin-l", 556, 214787045},
    {"baselines/fcn_r50-d8_512x512_80k_8x2_adamw_ade20k", "baseline_fcn", 358, 49655495},
    {"baselines/pspnet_r50-d8_512x512_80k_8x2_adamw_ade20k", "baseline_psp", 370, 49135305},
    {"baselines/deeplabv3_r50-d8_512x512_80k_8x2_adamw_ade20k", "baseline_deeplabv3", 376,
     68273866},
    {"baselines/upernet_r50_512x512_80k_8x2_adamw_ade20k", "baseline_uper", 412, 66582224},
};

TEST(SemanticKNetConfig, EveryModelHasTheReleasedKeys) {
  for (const Released& released : kReleased) {
    SCOPED_TRACE(released.config);
    const SemanticKNet net = semantic_knet_of(released.config);
    const test::Keys ours = test::keys_of(*net);
    EXPECT_EQ(ours, test::released_keys(fmt::format("knet_seg/keys_{}.json", released.keys)));
    std::int64_t numbers = 0;
    for (const auto& [name, tensor] : named_state(*net)) numbers += tensor.numel();
    EXPECT_EQ(ours.size(), released.tensors);
    EXPECT_EQ(numbers, released.numbers);
  }
}

TEST(SemanticKNetConfig, SwinDropsMoreOfLargerCrops) {
  const auto options = [](const char* name) {
    return Config::load(test::source_dir() / "configs/knet" / name)
        .section<SemanticKNetOptions>("model");
  };
  EXPECT_EQ(options("knet_s3_upernet_swin-l_80k_adamw_ade20k.yaml").backbone.swin.drop_path, 0.3);
  EXPECT_EQ(options("knet_s3_upernet_swin-l_80k_adamw_640x640_ade20k.yaml").backbone.swin.drop_path,
            0.4);
}

}  // namespace
}  // namespace tessera
