#include "tessera/training/processes.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cstdlib>
#include <filesystem>

#include "tessera/checkpoint/safetensors.h"
#include "tessera/core/error.h"
#include "tessera/nn/tensor_io.h"
#include "test_support.h"

namespace tessera {
namespace {

class Net : public torch::nn::Module {
 public:
  Net() {
    register_module("used", used);
    register_module("sometimes", sometimes);
  }
  torch::Tensor loss(const torch::Tensor& x, bool everything) {
    auto y = used(x).tanh();
    if (everything) y = y + sometimes(x);
    return y.square().mean();
  }
  torch::nn::Linear used{6, 300}, sometimes{6, 300};
};

std::shared_ptr<Net> make_net(int seed) {
  torch::manual_seed(seed);
  return std::make_shared<Net>();
}

torch::Tensor make_input() {
  torch::manual_seed(50);
  return torch::randn({8, 6});
}

/// What each process of the test below does; started by it.
TEST(ProcessesChild, AveragesItsGradients) {
  const char* out = std::getenv("GRADIENTS_OUT");
  if (out == nullptr) GTEST_SKIP() << "runs only as a part of Processes.*";
  Processes processes(place_from_environment(), std::chrono::seconds(20));
  auto net = make_net(processes.rank());  // different weights, until they are shared
  processes.share(*net);
  processes.average_gradients(*net);
  const int half = 4;
  const auto mine = make_input().slice(0, half * processes.rank(), half * (processes.rank() + 1));
  processes.begin_averaging();
  // The second process leaves a layer out; both must still send the same.
  net->loss(mine, processes.first()).backward();
  processes.finish_averaging();
  EXPECT_TRUE(processes.any(processes.rank() == 1));
  EXPECT_EQ(
      processes.mean(torch::tensor(1.0F + static_cast<float>(processes.rank()))).item<float>(),
      1.5F);
  NamedTensors gradients;
  for (const auto& item : net->named_parameters())
    gradients.emplace_back(item.key(), from_torch(item.value().grad()));
  write_safetensors(std::string(out) + std::to_string(processes.rank()), gradients);
  processes.barrier();
}

class ProcessesOnLoopback : public test::TemporaryFolder {};

TEST_F(ProcessesOnLoopback, TwoHalvesOfABatchGiveTheGradientOfTheWhole) {
  const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
  const std::string child = "GRADIENTS_OUT=" + (folder_ / "gradients").string() +
                            " WORLD_SIZE=2 MASTER_ADDR=127.0.0.1 MASTER_PORT=29741 RANK=";
  const std::string filter = " " + self + " --gtest_filter=ProcessesChild.*";
  const auto run =
      test::run_shell(child + "1" + filter + " & " + child + "0" + filter + " && wait $!");
  ASSERT_EQ(run.exit_code, 0) << run.out << run.err;

  auto whole = make_net(0);
  const auto x = make_input();
  ((whole->loss(x.slice(0, 0, 4), true) + whole->loss(x.slice(0, 4, 8), false)) / 2).backward();
  for (const char* rank : {"0", "1"}) {
    const auto gradients = read_safetensors((folder_ / "gradients").string() + rank);
    ASSERT_EQ(gradients.tensors.size(), 4u);
    for (const auto& [name, view] : gradients.tensors)
      EXPECT_LT((to_torch(view) - whole->named_parameters()[name].grad()).abs().max().item<float>(),
                1e-6)
          << name;
  }
}

class Environment : public ::testing::Test {
 protected:
  void set(const char* name, const char* value) { ::setenv(name, value, 1); }
  ~Environment() override {
    for (const char* name :
         {"RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT", "SLURM_PROCID",
          "SLURM_NTASKS", "SLURM_JOB_NODELIST", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"})
      ::unsetenv(name);
  }
};

TEST_F(Environment, WithoutALauncherThereIsOneProcess) {
  EXPECT_EQ(place_from_environment().world, 1);
}

TEST_F(Environment, TorchrunsVariablesAreRead) {
  set("RANK", "3");
  set("WORLD_SIZE", "4");
  set("LOCAL_RANK", "1");
  set("MASTER_ADDR", "10.0.0.1");
  set("MASTER_PORT", "1234");
  const ProcessPlace place = place_from_environment();
  EXPECT_EQ(place.rank, 3);
  EXPECT_EQ(place.world, 4);
  EXPECT_EQ(place.local_rank, 1);
  EXPECT_EQ(place.host, "10.0.0.1");
  EXPECT_EQ(place.port, 1234);
}

TEST_F(Environment, SlurmsFirstNodeIsTheMaster) {
  set("SLURM_PROCID", "1");
  set("SLURM_NTASKS", "2");
  set("SLURM_JOB_NODELIST", "node[07-09,12]");
  EXPECT_EQ(place_from_environment().host, "node07");
  set("SLURM_JOB_NODELIST", "a1,a2");
  EXPECT_EQ(place_from_environment().host, "a1");
  set("SLURM_JOB_NODELIST", "single");
  EXPECT_EQ(place_from_environment().host, "single");
}

TEST_F(Environment, MpisVariablesAreRead) {
  set("OMPI_COMM_WORLD_RANK", "1");
  set("OMPI_COMM_WORLD_SIZE", "2");
  EXPECT_EQ(place_from_environment().rank, 1);
}

TEST_F(Environment, NonsenseIsRefused) {
  set("RANK", "2");
  EXPECT_THROW(place_from_environment(), Error);  // no WORLD_SIZE
  set("WORLD_SIZE", "2");
  EXPECT_THROW(place_from_environment(), Error);  // ranks end at 1
  set("RANK", "first");
  EXPECT_THROW(place_from_environment(), Error);
}

}  // namespace
}  // namespace tessera
