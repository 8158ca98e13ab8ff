#include "tessera/models/video_knet/video_knet.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "tessera/nn/fill.h"

namespace tessera {
namespace {

VideoKNetOptions small(bool norm_eval) {
  VideoKNetOptions options;
  options.backbone.resnet.depth = 18;
  options.backbone.resnet.base_channels = 16;
  options.backbone.resnet.norm_eval = norm_eval;
  options.head = {.channels = 32, .proposals = 6, .thing_classes = 2, .stuff_classes = 3};
  options.stages = 2;
  options.feedforward_channels = 64;
  options.mask_upsampling = 2;
  return options;
}

MaskTargets targets(std::int64_t label) {
  auto semantic = torch::full({64, 64}, 255, torch::kUInt8);
  semantic.slice(0, 40).fill_(3);
  auto mask = torch::zeros({1, 64, 64}, torch::kUInt8);
  mask[0].slice(0, 8, 32).slice(1, 8, 40).fill_(1);
  return make_mask_targets(mask, torch::tensor({label}), semantic, 2, {64, 64}, 4);
}

FramePair pair() { return {targets(0), targets(1), torch::tensor({0})}; }

double sum_of(const LossTerms& terms, const std::string& ending) {
  double sum = 0;
  for (const auto& [name, value] : terms)
    if (name.ends_with(ending)) sum += value.item<double>();
  return sum;
}

/// What a reference's own terms sum to, beside the given key.
double reference_loss(bool norm_eval, const std::string& key) {
  VideoKNet net(small(norm_eval));
  fill_module(*net);
  net->train();
  const LossTerms terms =
      net->pair_losses(signal(key, {1, 3, 64, 64}), signal("reference", {1, 3, 64, 64}), {pair()});
  return sum_of(terms, "_ref") + sum_of(terms, "_ref_rpn");
}

TEST(VideoKNet, AReferenceDoesNotDependOnItsKey) {
  for (const bool norm_eval : {false, true}) {
    SCOPED_TRACE(norm_eval);
    const double loss = reference_loss(norm_eval, "key");
    EXPECT_GT(loss, 0);
    EXPECT_NEAR(reference_loss(norm_eval, "another key"), loss, 1e-5 * loss);
  }
}

TEST(VideoKNet, RunningStatisticsSeeTheFramesOneByOne) {
  VideoKNet net(small(false));
  net->train();
  net->pair_losses(signal("key", {1, 3, 64, 64}), signal("reference", {1, 3, 64, 64}), {pair()});
  EXPECT_EQ(net->named_buffers()["backbone.bn1.num_batches_tracked"].item<std::int64_t>(), 2);
}

}  // namespace
}  // namespace tessera
