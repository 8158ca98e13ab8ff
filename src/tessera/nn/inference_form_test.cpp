#include "tessera/nn/inference_form.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "tessera/nn/fill.h"
#include "tessera/nn/fpn.h"
#include "tessera/nn/resnet.h"

namespace tessera {
namespace {

/// Norms with statistics that do something, as training leaves them.
void fill(torch::nn::Module& module) {
  fill_module(module);
  module.eval();
}

void expect_close(const torch::Tensor& actual, const torch::Tensor& expected, double tolerance) {
  ASSERT_EQ(actual.sizes(), expected.sizes());
  EXPECT_FALSE(actual.is_mkldnn());
  const auto off = (actual.to(torch::kFloat32) - expected).abs().max().item<double>();
  EXPECT_LE(off, tolerance * expected.abs().max().item<double>());
}

void expect_same_stages(const ResNetOptions& options) {
  const torch::InferenceMode inference;
  ResNet net(options);
  fill(*net);
  const auto image = signal("image", {1, 3, 96, 128});
  const auto expected = net(image);
  prepare_for_inference(*net, torch::kCPU, torch::kFloat32);
  const auto actual = net(image);
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) expect_close(actual[i], expected[i], 1e-5);
}

TEST(InferenceForm, ResNetsSayTheSame) {
  expect_same_stages({.depth = 18});
  expect_same_stages({.depth = 50});
  expect_same_stages({.depth = 50, .deep_stem = true, .dilations = {1, 1, 2, 4}});
  expect_same_stages({.depth = 50, .deformable = {false, true, true, true}});
}

TEST(InferenceForm, FoldingCostsNoPrecisionInBfloat16) {
  const torch::InferenceMode inference;
  ResNet exact(ResNetOptions{.depth = 18}), rounded(ResNetOptions{.depth = 18}),
      folded(ResNetOptions{.depth = 18});
  for (ResNet* net : {&exact, &rounded, &folded}) fill(**net);
  rounded->to(torch::kBFloat16);
  prepare_for_inference(*folded, torch::kCPU, torch::kBFloat16);
  const auto image = signal("image", {1, 3, 96, 128});
  const auto expected = exact(image).back();
  const auto error_of = [&](ResNet& net) {
    const auto actual = net(image.to(torch::kBFloat16)).back();
    EXPECT_EQ(actual.scalar_type(), torch::kBFloat16);
    return ((actual.to(torch::kFloat32) - expected).norm() / expected.norm()).item<double>();
  };
  const double error = error_of(folded);
  EXPECT_LT(error, 1.5 * error_of(rounded));
  EXPECT_LT(error, 0.2);
}

TEST(InferenceForm, ConvolutionsAndPyramidsSayTheSame) {
  const torch::InferenceMode inference;
  for (const Norm norm : {Norm::kNone, Norm::kBatch, Norm::kGroup32}) {
    ConvUnit unit(
        32, 64,
        ConvUnitOptions{
            .kernel = 3, .stride = 2, .padding = 1, .norm = norm, .activation = Activation::kRelu});
    fill(*unit);
    const auto x = signal("x", {2, 32, 17, 23});
    const auto expected = unit(x);
    prepare_for_inference(*unit, torch::kCPU, torch::kFloat32);
    EXPECT_EQ(unit->conv->weight.is_mkldnn(), at::globalContext().hasMKLDNN());
    expect_close(unit(x), expected, 1e-5);
    expect_close(unit(x), expected, 1e-5);  // nothing is used up
  }
  Fpn fpn(std::vector<std::int64_t>{16, 32}, 24);
  fill(*fpn);
  const std::vector<torch::Tensor> levels = {signal("fine", {1, 16, 13, 10}),
                                             signal("coarse", {1, 32, 7, 5})};
  const auto expected = fpn(levels);
  prepare_for_inference(*fpn, torch::kCPU, torch::kFloat32);
  const auto actual = fpn(levels);
  for (std::size_t i = 0; i < levels.size(); ++i) expect_close(actual[i], expected[i], 1e-5);
}

TEST(InferenceForm, PackedWeightsAreNotKeptTwice) {
  ResNet net(ResNetOptions{.depth = 18});
  prepare_for_inference(*net, torch::kCPU, torch::kFloat32);
  std::int64_t numbers = 0;
  for (const auto& parameter : net->parameters()) numbers += parameter.numel();
  EXPECT_LT(numbers, 50'000);
}

}  // namespace
}  // namespace tessera
