#include "tessera/nn/recompute.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "tessera/nn/compat.h"
#include "tessera/nn/resnet.h"
#include "tessera/nn/swin.h"
#include "tessera/nn/tensor_io.h"

namespace tessera {
namespace {

struct Step {
  torch::Tensor image_gradient;
  std::map<std::string, torch::Tensor> gradients;
  std::map<std::string, torch::Tensor> state;
};

/// A forward and a backward pass from the same start. The loss looks at the last level alone: a map
/// that three others use gets its gradient by two sums, whose order would differ.
template <class Net, class Options>
Step run(Options options, bool recomputes, bool bf16 = false) {
  options.recompute = recomputes;
  torch::manual_seed(3);
  Net net(options);
  net->train();
  auto image = torch::randn({2, 3, 40, 64}).requires_grad_();
  torch::Tensor loss;
  {
    const Autocast autocast(torch::kCPU, torch::kBFloat16, bf16);
    loss = net->forward(image).back().to(torch::kFloat32).square().mean();
  }
  loss.backward();
  Step step = {.image_gradient = image.grad(), .gradients = {}, .state = {}};
  for (const auto& item : net->named_parameters())
    if (item.value().grad().defined()) step.gradients[item.key()] = item.value().grad();
  for (const auto& [name, tensor] : named_state(*net)) step.state[name] = tensor;
  return step;
}

void expect_equal(const std::map<std::string, torch::Tensor>& a,
                  const std::map<std::string, torch::Tensor>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (const auto& [name, tensor] : a) EXPECT_TRUE(torch::equal(tensor, b.at(name))) << name;
}

void expect_equal(const Step& a, const Step& b) {
  EXPECT_TRUE(torch::equal(a.image_gradient, b.image_gradient));
  expect_equal(a.gradients, b.gradients);
  expect_equal(a.state, b.state);  // running statistics too
}

TEST(Recompute, ResNetHasTheSameGradientsAndStatistics) {
  const ResNetOptions options = {.depth = 18};
  expect_equal(run<ResNet>(options, false), run<ResNet>(options, true));
}

TEST(Recompute, FrozenStagesStayWithoutGradients) {
  const ResNetOptions options = {.depth = 18, .frozen_stages = 2};
  const Step step = run<ResNet>(options, true);
  expect_equal(run<ResNet>(options, false), step);
  EXPECT_FALSE(step.gradients.contains("layer2.0.conv1.weight"));
  EXPECT_TRUE(step.gradients.contains("layer3.0.conv1.weight"));
}

TEST(Recompute, SwinDropsTheSameBranchesTheSecondTime) {
  const SwinOptions options = {
      .channels = 8, .depths = {2, 2}, .heads = {2, 4}, .window = 3, .drop_path = 0.5};
  expect_equal(run<Swin>(options, false), run<Swin>(options, true));
}

TEST(Recompute, MixedPrecisionIsTheSameTheSecondTime) {
  const SwinOptions options = {
      .channels = 8, .depths = {2, 2}, .heads = {2, 4}, .window = 3, .drop_path = 0};
  expect_equal(run<Swin>(options, false, true), run<Swin>(options, true, true));
}

/// Counts how often it runs.
class Counter : public torch::nn::Module {
 public:
  torch::Tensor forward(const torch::Tensor& x) {
    ++runs;
    return (weight * x).tanh();
  }
  torch::Tensor weight = register_parameter("weight", torch::ones({4}));
  int runs = 0;
};

TEST(Recompute, RunsTwiceOnlyWhereThereIsSomethingToLearn) {
  Counter counter;
  const auto body = [&](const torch::Tensor& x) { return counter.forward(x); };
  const auto y = recompute(counter, body, torch::ones({4}));
  EXPECT_EQ(counter.runs, 1);
  y.sum().backward();
  EXPECT_EQ(counter.runs, 2);
  EXPECT_FALSE(recomputing());
  const torch::NoGradGuard no_grad;
  recompute(counter, body, torch::ones({4}));
  EXPECT_EQ(counter.runs, 3);
}

}  // namespace
}  // namespace tessera
