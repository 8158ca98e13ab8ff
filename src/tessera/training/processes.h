#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

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

/// The processes that train together, on torch's c10d: Gloo on the CPU, NCCL on CUDA where libtorch
/// has it. With one process every call is a no-op.
class Processes {
 public:
  /// Connects; an Error says after `timeout` who did not come.
  explicit Processes(const ProcessPlace& place,
                     std::chrono::seconds timeout = std::chrono::seconds(60));
  ~Processes();

  int rank() const { return place_.rank; }
  int world() const { return place_.world; }
  bool first() const { return place_.rank == 0; }

  /// The mean over the processes.
  torch::Tensor mean(torch::Tensor value);
  /// True when it is true of any process.
  bool any(bool value);
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
