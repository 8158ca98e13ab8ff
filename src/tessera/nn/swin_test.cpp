#include "tessera/nn/swin.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "tessera/core/error.h"
#include "tessera/nn/fill.h"
#include "tessera/nn/swin_checkpoint.h"
#include "tessera/nn/tensor_io.h"

namespace tessera {
namespace {

SwinOptions small() {
  return {.channels = 8, .depths = {2, 2}, .heads = {2, 4}, .window = 3, .drop_path = 0.5};
}

TEST(Swin, HasTheReleasedNumberOfParameters) {
  // The release's 28,288,354 less the classifier (769,000) and its norm (1,536), with norm0..3 of
  // 2,880.
  std::int64_t count = 0;
  for (const auto& parameter : Swin(SwinOptions{})->parameters()) count += parameter.numel();
  EXPECT_EQ(count, 28288354 - 769000 - 1536 + 2880);
}

TEST(Swin, AnySizeGivesStridesRoundedUp) {
  const torch::NoGradGuard no_grad;
  Swin net(small());
  net->eval();
  const auto levels = net(torch::randn({2, 3, 37, 5}));
  ASSERT_EQ(levels.size(), 2u);
  EXPECT_EQ(levels[0].sizes(), (std::vector<std::int64_t>{2, 8, 10, 2}));
  EXPECT_EQ(levels[1].sizes(), (std::vector<std::int64_t>{2, 16, 5, 1}));
}

// mmdet's rule: 0 freezes the patch embedding, k the stages 1..k and their norms too.
TEST(Swin, FrozenStagesGetNoGradientAndDropNothing) {
  SwinOptions options = small();
  options.frozen_stages = 1;
  Swin net(options);
  net->train();
  for (const auto& item : net->named_parameters()) {
    const std::string& name = item.key();
    const bool frozen = name.starts_with("patch_embed") || name.starts_with("stages.0") ||
                        name.starts_with("norm0");
    EXPECT_EQ(item.value().requires_grad(), !frozen) << name;
  }
  EXPECT_FALSE(net->named_modules()["stages.0"]->is_training());
  EXPECT_TRUE(net->named_modules()["stages.1"]->is_training());
}

TEST(Swin, DropsBranchesInTrainingOnlyAndTheSameOnesForASeed) {
  Swin net(small());
  const auto image = torch::randn({4, 3, 24, 24});
  const auto run = [&](int seed) {
    torch::manual_seed(seed);
    return net(image).back();
  };
  EXPECT_TRUE(torch::equal(run(1), run(1)));
  EXPECT_FALSE(torch::equal(run(1), run(2)));
  net->eval();
  EXPECT_TRUE(torch::equal(run(1), run(2)));
}

TEST(Swin, EveryParameterLearns) {
  Swin net(small());
  net->eval();  // drop path could leave out a branch
  torch::Tensor sum = torch::zeros({});
  for (const auto& level : net(torch::randn({1, 3, 30, 30}))) sum = sum + level.pow(2).sum();
  sum.backward();
  for (const auto& item : net->named_parameters())
    EXPECT_TRUE(item.value().grad().defined()) << item.key();
}

TEST(Swin, TheOriginalReleasesLayoutConvertsToTheSameNetwork) {
  const torch::NoGradGuard no_grad;
  SwinOptions options = small();
  Swin open_mmlab(options);
  options.layout = SwinLayout::kOriginal;
  Swin original(options);
  fill_module(*original, "layouts");
  const NamedTensors released = state_views(*original);
  ASSERT_TRUE(is_original_swin(released));
  const LoadReport report = load_what_fits(*open_mmlab, from_original_swin(released));
  EXPECT_TRUE(report.complete()) << report.describe();
  EXPECT_FALSE(is_original_swin(state_views(*open_mmlab)));
  original->eval();
  open_mmlab->eval();
  const auto image = torch::randn({1, 3, 45, 61});
  const auto expected = original(image), actual = open_mmlab(image);
  for (std::size_t i = 0; i < expected.size(); ++i)
    EXPECT_TRUE(torch::allclose(expected[i], actual[i], 1e-4, 1e-5)) << i;
}

TEST(Swin, TablesOfPositionsAreResizedToOtherWindows) {
  const torch::NoGradGuard no_grad;
  SwinOptions options = small();
  Swin released(options);
  fill_module(*released, "windows");
  options.window += 2;
  Swin wider(options);
  NamedTensors tensors = state_views(*released);
  EXPECT_FALSE(load_what_fits(*wider, tensors).mismatched.empty());
  const std::int64_t tables = fit_position_tables(tensors, *wider);
  EXPECT_GT(tables, 0);
  const LoadReport report = load_what_fits(*wider, tensors);
  EXPECT_TRUE(report.mismatched.empty()) << report.describe();
  EXPECT_EQ(report.missing.size(), static_cast<std::size_t>(tables));  // indexes of its own
  for (const auto& [name, tensor] : named_state(*wider)) {
    if (!name.ends_with("relative_position_bias_table")) continue;
    const auto narrow = released->named_parameters()[name];
    // The middle of a table of odd size is the middle of the other one.
    EXPECT_TRUE(torch::allclose(tensor[tensor.size(0) / 2], narrow[narrow.size(0) / 2], 1e-4, 1e-5))
        << name;
  }
  EXPECT_EQ(fit_position_tables(tensors, *wider), 0);
}

TEST(Swin, RefusesHeadsThatDoNotShareTheChannels) {
  SwinOptions options = small();
  options.heads = {3, 4};
  EXPECT_THROW(Swin{options}, Error);
  options.heads = {2};
  EXPECT_THROW(Swin{options}, Error);
}

}  // namespace
}  // namespace tessera
