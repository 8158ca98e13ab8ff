#include "tessera/nn/tensor_io.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "tessera/checkpoint/safetensors.h"
#include "tessera/core/error.h"

namespace tessera {
namespace {

torch::nn::Sequential make_net(std::int64_t classes) {
  torch::nn::Sequential net;
  net->push_back("conv", torch::nn::Conv2d(3, 4, 3));
  net->push_back("bn", torch::nn::BatchNorm2d(4));
  net->push_back("head", torch::nn::Linear(4, classes));
  return net;
}

TEST(TensorIo, EveryTypeComesBackAsItWas) {
  for (const auto type : {torch::kBool, torch::kUInt8, torch::kInt64, torch::kFloat16,
                          torch::kBFloat16, torch::kFloat32, torch::kFloat64}) {
    const auto tensor = torch::tensor({0.0, 1.0, 3.0, 1.5}).to(type).view({2, 2}).t();
    EXPECT_TRUE(torch::equal(to_torch(from_torch(tensor)), tensor)) << torch::toString(type);
    EXPECT_EQ(to_torch(from_torch(tensor)).scalar_type(), type);
  }
}

TEST(TensorIo, StateStandsInTorchsOrder) {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : named_state(*make_net(2))) names.push_back(name);
  EXPECT_EQ(names, (std::vector<std::string>{
                       "conv.weight", "conv.bias", "bn.weight", "bn.bias", "bn.running_mean",
                       "bn.running_var", "bn.num_batches_tracked", "head.weight", "head.bias"}));
}

TEST(TensorIo, AStateLoadsIntoAnotherModule) {
  auto source = make_net(2), target = make_net(2);
  const LoadReport report = load_what_fits(*target, state_views(*source));
  EXPECT_TRUE(report.complete());
  EXPECT_EQ(report.loaded, 9u);
  for (const auto& item : source->named_parameters())
    EXPECT_TRUE(torch::equal(item.value(), target->named_parameters()[item.key()]));
}

TEST(TensorIo, ReportsWhatDoesNotFit) {
  auto source = make_net(2), target = make_net(5);
  NamedTensors state = state_views(*source);
  state.erase(state.begin());  // conv.weight
  state.emplace_back("extra", state.front().second);
  const LoadReport report = load_what_fits(*target, state);
  EXPECT_EQ(report.missing, std::vector<std::string>{"conv.weight"});
  EXPECT_EQ(report.unused, std::vector<std::string>{"extra"});
  ASSERT_EQ(report.mismatched.size(), 2u);
  EXPECT_EQ(report.mismatched[0].name, "head.weight");
  EXPECT_EQ(report.loaded, 6u);
  EXPECT_NE(report.describe().find("head.weight is [2, 4] in the file, [5, 4] in the model"),
            std::string::npos)
      << report.describe();
}

TEST(TensorIo, ACheckpointOfAnotherModelIsRefused) {
  const auto path = std::filesystem::path(testing::TempDir()) / "other_model.safetensors";
  write_safetensors(path, state_views(*make_net(2)));
  auto same = make_net(2);
  load_checkpoint(*same, path);
  auto other = make_net(5);
  try {
    load_checkpoint(*other, path);
    FAIL() << "loaded";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("--load-from"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace tessera
