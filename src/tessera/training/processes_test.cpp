#include "tessera/training/processes.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <thread>

#include "tessera/checkpoint/safetensors.h"
#include "tessera/core/error.h"
#include "tessera/nn/batch_norm.h"
#include "tessera/nn/tensor_io.h"
#include "test_support.h"

namespace tessera {
namespace {

class Net : public torch::nn::Module {
 public:
  Net() {
    register_module("used", used);
    register_module("norm", norm);
    register_module("sometimes", sometimes);
  }
  /// images: [B, 3, 4, 5]
  torch::Tensor loss(const torch::Tensor& images, bool everything) {
    const auto x = norm(used(images)).tanh();
    auto y = x.mean({2, 3});
    if (everything) y = y + sometimes(x.amax({2, 3}));
    return y.square().mean();
  }
  torch::nn::Conv2d used{torch::nn::Conv2dOptions(3, 64, 3).padding(1)};
  BatchNorm norm{64};
  torch::nn::Linear sometimes{64, 64};
};

std::shared_ptr<Net> make_net(int seed) {
  torch::manual_seed(seed);
  return std::make_shared<Net>();
}

torch::Tensor make_input() {
  torch::manual_seed(50);
  return torch::randn({8, 3, 4, 5}) * 3 + 7;
}

/// What each process of the tests below does; started by them.
TEST(ProcessesChild, AveragesItsGradients) {
  const char* out = std::getenv("GRADIENTS_OUT");
  if (out == nullptr) GTEST_SKIP() << "runs only as a part of Processes.*";
  Processes processes(place_from_environment(), std::chrono::seconds(20));
  auto net = make_net(processes.rank());  // different weights, until they are shared
  processes.share(*net);
  processes.average_gradients(*net);
  synchronise_batch_norms(*net, [&](torch::Tensor value) { return processes.norm_sum(value); });
  const int half = 4;
  const auto mine = make_input().slice(0, half * processes.rank(), half * (processes.rank() + 1));
  processes.begin_averaging();
  // The second process leaves a layer out; both must still send the same.
  net->loss(mine, processes.first()).backward();
  processes.finish_averaging();
  NamedTensors result;
  for (const auto& item : net->named_parameters())
    result.emplace_back(item.key(), from_torch(item.value().grad()));
  for (const auto& item : net->named_buffers())
    if (item.value().is_floating_point()) result.emplace_back(item.key(), from_torch(item.value()));
  write_safetensors(std::string(out) + std::to_string(processes.rank()), result);
  processes.barrier();
}

TEST(ProcessesChild, TellsWhatItKnows) {
  if (std::getenv("GRADIENTS_OUT") == nullptr) GTEST_SKIP() << "runs only as a part of Processes.*";
  ProcessPlace place = place_from_environment();
  ++place.port;
  Processes processes(place, std::chrono::seconds(20));
  const bool first = processes.first();
  EXPECT_TRUE(processes.any(!first));
  EXPECT_FALSE(processes.any(false));
  EXPECT_EQ(processes.mean(torch::tensor(first ? 1.0F : 2.0F)).item<float>(), 1.5F);
  EXPECT_EQ(processes.mean(std::vector<double>{first ? 1.0 : 2.0, 7}),
            (std::vector<double>{1.5, 7}));
  EXPECT_EQ(processes.gather(first ? "a longer text" : ""),
            (std::vector<std::string>{"a longer text", ""}));
  processes.barrier();
}

class ProcessesOnLoopback : public test::TemporaryFolder {
 protected:
  /// Runs a test above in two processes.
  test::ProgramResult run_twice(const std::string& name, int port) const {
    const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
    const std::string child =
        "GRADIENTS_OUT=" + (folder_ / "gradients").string() +
        " WORLD_SIZE=2 MASTER_ADDR=127.0.0.1 MASTER_PORT=" + std::to_string(port) + " RANK=";
    const std::string filter = " " + self + " --gtest_filter=ProcessesChild." + name;
    return test::run_shell(child + "1" + filter + " & " + child + "0" + filter + " && wait $!");
  }
};

TEST_F(ProcessesOnLoopback, TwoHalvesOfABatchGiveGradientsAndStatisticsOfTheWhole) {
  const auto run = run_twice("AveragesItsGradients", 29741);
  ASSERT_EQ(run.exit_code, 0) << run.out << run.err;
  auto whole = make_net(0);
  const auto x = make_input();
  const auto normalised = whole->norm(whole->used(x)).tanh();
  const auto loss_of = [&](const torch::Tensor& half, bool everything) {
    auto y = half.mean({2, 3});
    if (everything) y = y + whole->sometimes(half.amax({2, 3}));
    return y.square().mean();
  };
  ((loss_of(normalised.slice(0, 0, 4), true) + loss_of(normalised.slice(0, 4, 8), false)) / 2)
      .backward();
  std::map<std::string, torch::Tensor> expected;
  for (const auto& item : whole->named_parameters()) expected[item.key()] = item.value().grad();
  for (const auto& item : whole->named_buffers())
    if (item.value().is_floating_point()) expected[item.key()] = item.value();
  for (const char* rank : {"0", "1"}) {
    const auto results = read_safetensors((folder_ / "gradients").string() + rank);
    ASSERT_EQ(results.tensors.size(), expected.size());
    for (const auto& [name, view] : results.tensors)
      EXPECT_LT((to_torch(view) - expected.at(name)).abs().max().item<float>(), 1e-6) << name;
  }
}

TEST_F(ProcessesOnLoopback, NumbersAndTextsAreExchanged) {
  const auto run = run_twice("TellsWhatItKnows", 29743);
  EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
}

TEST(Processes, CudaWithoutNcclIsSaid) {
#ifdef USE_C10D_NCCL
  GTEST_SKIP() << "this libtorch has NCCL";
#endif
  ProcessPlace place = {.rank = 0, .world = 2, .local_rank = 0, .host = "127.0.0.1", .port = 29745};
  std::thread other([place]() mutable {
    place.rank = 1;
    EXPECT_THROW(Processes(place, std::chrono::seconds(20), torch::kCUDA), Error);
  });
  try {
    Processes(place, std::chrono::seconds(20), torch::kCUDA);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("NCCL"), std::string::npos) << error.what();
  }
  other.join();
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
