#include "tessera/nn/fill.h"

#include <gtest/gtest.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/conv.h>

namespace tessera {
namespace {

torch::nn::Sequential make_module() {
  torch::nn::Sequential module;
  module->push_back("conv", torch::nn::Conv2d(torch::nn::Conv2dOptions(3, 4, 3)));
  module->push_back("bn", torch::nn::BatchNorm2d(4));
  return module;
}

torch::Tensor expected(const std::string& name, std::vector<std::int64_t> shape,
                       const std::string& salt = "") {
  const std::vector<float> values = fill_values(name, shape, salt);
  return torch::tensor(values).reshape(shape);
}

TEST(Fill, FillsParametersAndBuffersByTheirNames) {
  auto module = make_module();
  fill_module(*module, "salt:");
  const auto parameters = module->named_parameters();
  const auto buffers = module->named_buffers();
  EXPECT_TRUE(
      torch::equal(parameters["conv.weight"], expected("conv.weight", {4, 3, 3, 3}, "salt:")));
  EXPECT_TRUE(torch::equal(parameters["bn.weight"], expected("bn.weight", {4}, "salt:")));
  EXPECT_TRUE(torch::equal(buffers["bn.running_var"], expected("bn.running_var", {4}, "salt:")));
  EXPECT_EQ(buffers["bn.num_batches_tracked"].item<std::int64_t>(), 0);
  EXPECT_TRUE(parameters["conv.weight"].requires_grad());
}

TEST(Fill, SkippedNamesKeepTheirValues) {
  auto module = make_module();
  const torch::Tensor before = module->named_parameters()["conv.bias"].detach().clone();
  fill_module(*module, "", {"conv.bias"});
  EXPECT_TRUE(torch::equal(module->named_parameters()["conv.bias"], before));
}

TEST(Fill, DoubleModulesTakeTheFloatValuesExactly) {
  auto module = make_module();
  module->to(torch::kFloat64);
  fill_module(*module);
  const torch::Tensor weight = module->named_parameters()["conv.weight"];
  EXPECT_EQ(weight.scalar_type(), torch::kFloat64);
  EXPECT_TRUE(torch::equal(weight, expected("conv.weight", {4, 3, 3, 3}).to(torch::kFloat64)));
}

TEST(Fill, SignalsHaveTheShapeAskedFor) {
  const torch::Tensor input = signal("input", {2, 3, 4}, 2.0);
  EXPECT_EQ(input.sizes(), (std::vector<std::int64_t>{2, 3, 4}));
  EXPECT_EQ(input.flatten()[5].item<float>(), signal_values("input", 6, 2.0)[5]);
}

}  // namespace
}  // namespace tessera
