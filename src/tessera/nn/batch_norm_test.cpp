#include "tessera/nn/batch_norm.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "tessera/core/error.h"
#include "tessera/nn/resnet.h"

namespace tessera {
namespace {

// tests/processes_test.cpp has several processes.
TEST(BatchNorm, OneProcessAloneGetsWhatTorchGives) {
  torch::manual_seed(4);
  BatchNorm ours(3);
  torch::nn::BatchNorm2d torchs(3);
  {
    const torch::NoGradGuard no_grad;
    for (auto* norm : {static_cast<torch::nn::BatchNorm2dImpl*>(ours.get()), torchs.get()}) {
      torch::manual_seed(5);
      norm->weight.normal_();
      norm->bias.normal_();
    }
  }
  EXPECT_EQ(synchronise_batch_norms(*ours, [](torch::Tensor value) { return value.clone(); }), 1);
  const auto x = (torch::randn({2, 3, 5, 7}) * 4 + 30).requires_grad_();
  const auto x2 = x.detach().clone().requires_grad_();
  const auto weights = torch::randn({2, 3, 5, 7});
  const auto y = ours(x), y2 = torchs(x2);
  (y * weights).sum().backward();
  (y2 * weights).sum().backward();
  EXPECT_TRUE(torch::allclose(y, y2, 1e-5, 1e-5));
  EXPECT_TRUE(torch::allclose(x.grad(), x2.grad(), 1e-4, 1e-5));
  EXPECT_TRUE(torch::allclose(ours->weight.grad(), torchs->weight.grad(), 1e-4, 1e-4));
  EXPECT_TRUE(torch::allclose(ours->bias.grad(), torchs->bias.grad(), 1e-4, 1e-4));
  EXPECT_TRUE(torch::allclose(ours->running_mean, torchs->running_mean));
  EXPECT_TRUE(torch::allclose(ours->running_var, torchs->running_var));
  EXPECT_EQ(ours->num_batches_tracked.item<int>(), 1);
}

TEST(BatchNorm, EveryOneOfABackboneIsSynchronised) {
  const auto sum = [](torch::Tensor value) { return value; };
  EXPECT_EQ(synchronise_batch_norms(*ResNet(ResNetOptions{.depth = 18}), sum), 20);
  EXPECT_EQ(synchronise_batch_norms(*ResNet(ResNetOptions{.depth = 18, .deep_stem = true}), sum),
            22);
}

TEST(BatchNorm, ANormThatCannotBeIsNamed) {
  torch::nn::Sequential net;
  net->push_back("plain", torch::nn::BatchNorm2d(2));
  try {
    synchronise_batch_norms(*net, [](torch::Tensor value) { return value; });
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("plain"), std::string::npos);
  }
}

}  // namespace
}  // namespace tessera
