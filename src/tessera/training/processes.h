#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tessera {

/// Which of how many processes this one is, and where the first one listens.
struct ProcessPlace {
  int rank = 0;
  int world = 1;
  int local_rank = 0;  ///< on its machine: the number of its GPU
  std::string host = "127.0.0.1";
  int port = 29500;
};

/// What the environment says: torchrun's variables (RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR,
/// MASTER_PORT), else Slurm's (SLURM_PROCID, SLURM_NTASKS, ...), else Open MPI's. One process when
/// there are none. An Error names the variable that is missing or out of range.
ProcessPlace place_from_environment();

/// The processes that train together, on torch's c10d: tensors of the CPU go through Gloo, those of
/// CUDA devices through NCCL where libtorch has it. With one process every call is a no-op. A call
/// fails when another process has ended.
class Processes {
 public:
  /// Connects; an Error says after `timeout` who did not come. A step of another process may take
  /// as long, the calls that say so any time. `device` is where the model is.
  explicit Processes(const ProcessPlace& place,
                     std::chrono::seconds timeout = std::chrono::seconds(60),
                     torch::Device device = torch::kCPU);
  ~Processes();

  int rank() const { return place_.rank; }
  int world() const { return place_.world; }
  bool first() const { return place_.rank == 0; }

  /// The mean over the processes of a tensor on the model's device.
  torch::Tensor mean(torch::Tensor value);
  /// The sum, apart from all other calls: a backward pass may ask for it while gradients are sent.
  torch::Tensor norm_sum(torch::Tensor value);
  std::vector<double> mean(const std::vector<double>& values);
  /// True when it is true of any process. Waits any time.
  bool any(bool value);
  /// The texts of all processes by rank. Waits any time.
  std::vector<std::string> gather(const std::string& text);
  /// Waits any time.
  void barrier();
  /// Every process gets the parameters and buffers of the first.
  void share(torch::nn::Module& module);

  /// From here on, between begin_averaging() and finish_averaging(), a backward pass averages the
  /// module's gradients over the processes: in buckets, each sent while the pass goes on.
  void average_gradients(const torch::nn::Module& module);
  void begin_averaging();
  void finish_averaging();

 private:
  struct Group;
  ProcessPlace place_;
  std::unique_ptr<Group> group_;
};

}  // namespace tessera
