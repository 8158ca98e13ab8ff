#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <cstddef>
#include <memory>
#include <torch/csrc/distributed/c10d/Work.hpp>
#include <vector>

#include "tessera/nn/compat.h"

namespace tessera {

/// Averages gradients over processes during a backward pass. Parameters are packed into buckets in
/// the order in which their gradients come (the last layers first); a full bucket is sent at once.
/// Buckets go out in the same order everywhere, whatever parameters a process has used.
class GradientAverager {
 public:
  GradientAverager(const torch::nn::Module& module, Collective& processes,
                   std::size_t bucket_bytes = 8 << 20);
  ~GradientAverager();
  GradientAverager(const GradientAverager&) = delete;
  GradientAverager& operator=(const GradientAverager&) = delete;

  void begin();
  /// Sends what is left, waits, and gives every parameter its averaged gradient.
  void finish();

 private:
  struct Bucket {
    std::vector<torch::Tensor> parameters;
    std::size_t waiting = 0;  ///< gradients that have not come yet
    torch::Tensor flat;
    c10::intrusive_ptr<c10d::Work> work;
  };

  void mark_ready(std::size_t bucket);
  void send(Bucket& bucket);

  Collective& processes_;
  std::vector<Bucket> buckets_;
  std::size_t next_ = 0;  ///< bucket to send
  bool active_ = false;
  struct Hooks;
  std::unique_ptr<Hooks> hooks_;
};

}  // namespace tessera
