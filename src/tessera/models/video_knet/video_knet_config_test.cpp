#include "tessera/models/video_knet/video_knet_config.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "tessera/core/error.h"
#include "tessera/models/knet/knet_config.h"
#include "tessera/models/released_keys.h"

namespace tessera {
namespace {

using test::keys_of;

const std::string kKitti =
    "video_knet_s3_r50_rpn_1x_kitti_step_sigmoid_stride2_mask_embed_link_ffn_joint_train";

Config load(const std::string& name) {
  return Config::load(test::source_dir() / "configs/video_knet" / (name + ".yaml"));
}

/// Of a model for which Video K-Net released a checkpoint.
test::Keys official_keys(const std::string& model) {
  return test::released_keys("video_knet/keys_" + model + ".json");
}

void expect_official(const std::string& config, const std::string& model) {
  const VideoKNet net(load(config).section<VideoKNetOptions>("model"));
  EXPECT_EQ(keys_of(*net), official_keys(model)) << config;
}

TEST(VideoKNetConfig, ModelsHaveTheReleasedKeys) {
  expect_official(kKitti, "video_knet_kitti_step_r50");
  expect_official("video_knet_s3_r50_rpn_vipseg_mask_embed_link_ffn_joint_train",
                  "video_knet_vipseg_r50");
  expect_official(
      "video_knet_s3_swinb_rpn_1x_kitti_step_sigmoid_stride2_mask_embed_link_ffn_joint_update",
      "video_knet_kitti_step_swinb_joint_update");
}

TEST(VideoKNetConfig, EveryKernelUpdateHasTheReleasedKeys) {
  for (const std::string update : {"concatenate", "concatenate_skip", "mlp", "skip"})
    expect_official(kKitti + "_updator_" + update, "video_knet_kitti_step_r50_updator_" + update);
}

TEST(VideoKNetConfig, TheImageModelHasTheReleasedKeys) {
  const KNet net(load("knet_s3_r50_fpn_cityscapes_step").section<KNetOptions>("model"));
  EXPECT_EQ(keys_of(*net), official_keys("knet_cityscapes_step_r50"));
}

TEST(VideoKNetConfig, TheToyVariantIsTheImageModel) {
  VideoKNet net(load("video_knet_s3_r50_rpn_kitti_step_toy").section<VideoKNetOptions>("model"));
  EXPECT_EQ(keys_of(*net), official_keys("knet_cityscapes_step_r50"));
  const auto kernels = torch::rand({3, 256});
  EXPECT_TRUE(torch::equal(net->embed(kernels), kernels));
  EXPECT_THROW(net->pair_losses({}, {}, {}), Error);
}

// What the official code reports when the video model starts from the image model.
TEST(VideoKNetConfig, TheImageModelFitsTheVideoModel) {
  const KNet image(load("knet_s3_r50_fpn_cityscapes_step").section<KNetOptions>("model"));
  VideoKNet video(load(kKitti).section<VideoKNetOptions>("model"));
  const LoadReport report = load_what_fits(*video, state_views(*image));
  EXPECT_EQ(report.loaded, 502U);
  EXPECT_EQ(report.missing.size(), 47U);
  EXPECT_TRUE(report.unused.empty());
  EXPECT_TRUE(report.mismatched.empty());
}

TEST(VideoKNetConfig, EveryFileIsUnderstood) {
  int count = 0;
  for (const auto& path : list_files(test::source_dir() / "configs/video_knet", ".yaml")) {
    const Config config = Config::load(path);
    const bool video = config.section_text("model", "type") == "video_knet";
    const std::int64_t stride = video ? config.section<VideoKNetOptions>("model").mask_stride()
                                      : config.section<KNetOptions>("model").mask_stride();
    EXPECT_EQ(stride, video ? 2 : 4) << path;
    ++count;
  }
  EXPECT_EQ(count, 18);
}

}  // namespace
}  // namespace tessera
