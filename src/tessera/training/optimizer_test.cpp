#include "tessera/training/optimizer.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <limits>

#include "tessera/core/error.h"

namespace tessera {
namespace {

torch::nn::Sequential make_net() {
  torch::manual_seed(2);
  torch::nn::Sequential net;
  net->push_back("conv", torch::nn::Conv2d(3, 4, 3));
  net->push_back("norm", torch::nn::BatchNorm2d(4));
  net->push_back("head", torch::nn::Conv2d(4, 2, 1));
  return net;
}

void backward(torch::nn::Sequential& net, int step) {
  torch::manual_seed(100 + step);
  net->forward(torch::randn({2, 3, 8, 8})).square().sum().backward();
}

/// The same gradients, also where they are nothing but rounding errors, as before a norm.
void copy_gradients(torch::nn::Sequential& from, torch::nn::Sequential& to) {
  const auto gradients = from->named_parameters();
  for (auto& item : to->named_parameters())
    item.value().mutable_grad() = gradients[item.key()].grad().clone();
}

void expect_equal(torch::nn::Sequential& a, torch::nn::Sequential& b) {
  for (const auto& item : a->named_parameters())
    EXPECT_TRUE(torch::allclose(item.value(), b->named_parameters()[item.key()], 1e-5, 1e-7))
        << item.key();
}

TEST(Optimizer, AdamWEqualsTorchs) {
  auto ours = make_net(), theirs = make_net();
  Optimizer optimizer(*ours, {.lr = 0.01, .weight_decay = 0.1});
  torch::optim::AdamW reference(theirs->parameters(),
                                torch::optim::AdamWOptions(0.01).weight_decay(0.1));
  for (int step = 0; step < 5; ++step) {
    reference.zero_grad();
    backward(theirs, step);
    copy_gradients(theirs, ours);
    optimizer.step([](double rate) { return rate; });
    reference.step();
  }
  expect_equal(ours, theirs);
}

TEST(Optimizer, SgdEqualsTorchs) {
  auto ours = make_net(), theirs = make_net();
  Optimizer optimizer(
      *ours,
      {.kind = OptimizerOptions::Kind::kSgd, .lr = 1e-4, .weight_decay = 0.1, .momentum = 0.9});
  torch::optim::SGD reference(theirs->parameters(),
                              torch::optim::SGDOptions(1e-4).weight_decay(0.1).momentum(0.9));
  for (int step = 0; step < 5; ++step) {
    optimizer.clear_gradients();
    reference.zero_grad();
    backward(ours, step);
    backward(theirs, step);
    optimizer.step([](double rate) { return rate; });
    reference.step();
  }
  expect_equal(ours, theirs);
}

TEST(Optimizer, ClippingEqualsTorchs) {
  auto ours = make_net(), theirs = make_net();
  backward(ours, 0);
  backward(theirs, 0);
  Optimizer optimizer(*ours, {.max_norm = 0.5});
  const double norm = torch::nn::utils::clip_grad_norm_(theirs->parameters(), 0.5);
  EXPECT_NEAR(optimizer.clip(), norm, 1e-4 * norm);
  for (const auto& item : ours->named_parameters())
    EXPECT_TRUE(torch::allclose(item.value().grad(), theirs->named_parameters()[item.key()].grad(),
                                1e-4, 1e-7));
}

/// Without gradients worth mentioning a step of rate 1 shows the decay alone.
double decay_of(const OptimizerOptions& options, const std::string& name) {
  auto net = make_net();
  {
    const torch::NoGradGuard no_grad;
    for (auto& parameter : net->parameters()) parameter.fill_(1);
  }
  for (auto& parameter : net->parameters()) parameter.mutable_grad() = torch::zeros_like(parameter);
  Optimizer optimizer(*net, options);
  optimizer.step([](double rate) { return rate; });
  return 1 - net->named_parameters()[name].flatten()[0].item<double>();
}

TEST(Optimizer, RulesChangeRateAndDecay) {
  const OptimizerOptions options = {.lr = 0.1,
                                    .weight_decay = 0.5,
                                    .norm_decay = 0,
                                    .bias_decay = 0.5,
                                    .rules = {{"co", 0.5, 1}, {"conv.weight", 0.1, 2}}};
  EXPECT_NEAR(decay_of(options, "head.weight"), 0.1 * 0.5, 1e-6);
  EXPECT_NEAR(decay_of(options, "head.bias"), 0.1 * 0.5 * 0.5, 1e-6);
  EXPECT_NEAR(decay_of(options, "norm.weight"), 0, 1e-6);
  EXPECT_NEAR(decay_of(options, "conv.bias"), 0.1 * 0.5 * 0.5, 1e-6);        // "co": half the rate
  EXPECT_NEAR(decay_of(options, "conv.weight"), 0.1 * 0.1 * 0.5 * 2, 1e-6);  // the longer pattern
}

TEST(Optimizer, EmbeddingsHaveADecayOfTheirOwn) {
  torch::nn::Sequential net;
  net->push_back("words", torch::nn::Embedding(5, 2));
  net->push_back("head", torch::nn::Linear(2, 2));
  net->register_parameter("relative_position_bias_table", torch::ones({3}));
  for (auto& parameter : net->parameters()) parameter.mutable_grad() = torch::zeros_like(parameter);
  const auto before = net->named_parameters()["words.weight"].detach().clone();
  const auto head = net->named_parameters()["head.weight"].detach().clone();
  Optimizer optimizer(*net, {.lr = 0.1, .weight_decay = 0.5, .embedding_decay = 0});
  optimizer.step([](double rate) { return rate; });
  EXPECT_TRUE(torch::equal(net->named_parameters()["words.weight"], before));
  EXPECT_TRUE(
      torch::equal(net->named_parameters()["relative_position_bias_table"], torch::ones({3})));
  EXPECT_TRUE(torch::allclose(net->named_parameters()["head.weight"], head * 0.95));
}

TEST(Optimizer, ScaledGradientsAreClippedByTheirTrueNorm) {
  auto plain = make_net(), scaled = make_net();
  backward(plain, 0);
  backward(scaled, 0);
  for (auto& parameter : scaled->parameters()) parameter.mutable_grad().mul_(1024);
  const double norm = Optimizer(*plain, {.max_norm = 0.5}).clip();
  EXPECT_NEAR(Optimizer(*scaled, {.max_norm = 0.5}).clip(1.0 / 1024), norm, 1e-6 * norm);
  for (const auto& item : plain->named_parameters())
    EXPECT_TRUE(torch::allclose(item.value().grad(), scaled->named_parameters()[item.key()].grad(),
                                1e-5, 1e-9));
}

TEST(Optimizer, GradientsThatOverflowAreToldAndLeftAlone) {
  auto net = make_net();
  backward(net, 0);
  net->parameters().front().mutable_grad().fill_(std::numeric_limits<float>::infinity());
  const auto last = net->parameters().back().grad().clone();
  EXPECT_FALSE(std::isfinite(Optimizer(*net, {.max_norm = 0.5}).clip()));
  EXPECT_TRUE(torch::equal(net->parameters().back().grad(), last));
}

TEST(Optimizer, StateGoesOnWhereItWas) {
  auto through = make_net(), stopped = make_net();
  Optimizer one(*through, {.lr = 0.01});
  Optimizer first(*stopped, {.lr = 0.01});
  const auto step = [](Optimizer& optimizer, torch::nn::Sequential& net, int number) {
    optimizer.clear_gradients();
    backward(net, number);
    optimizer.step([](double rate) { return rate; });
  };
  for (int i = 0; i < 4; ++i) step(one, through, i);
  for (int i = 0; i < 2; ++i) step(first, stopped, i);
  Optimizer second(*stopped, {.lr = 0.01});
  second.load_state(first.state());
  for (int i = 2; i < 4; ++i) step(second, stopped, i);
  for (const auto& item : through->named_parameters())
    EXPECT_TRUE(torch::equal(item.value(), stopped->named_parameters()[item.key()]));
}

TEST(Optimizer, RefusesTheStateOfAnotherModel) {
  auto net = make_net();
  torch::nn::Sequential other(torch::nn::Linear(2, 2));
  EXPECT_THROW(Optimizer(*net, {}).load_state(Optimizer(*other, {}).state()), Error);
}

}  // namespace
}  // namespace tessera
