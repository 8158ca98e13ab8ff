#pragma once

#include <torch/types.h>
#include <torch/version.h>

#if TORCH_VERSION_MAJOR >= 2
namespace c10d {
class Backend;
}
#else
namespace c10d {
class ProcessGroup;
}
#endif

namespace tessera {

/// What sends tensors between processes: Gloo or NCCL.
#if TORCH_VERSION_MAJOR >= 2
using Collective = c10d::Backend;
#else
using Collective = c10d::ProcessGroup;
#endif

/// While it lives, convolutions and matrix products run in `type` on `device` (torch's autocast).
/// What differs between libtorch 1.13 and 2.x stands behind this header.
class Autocast {
 public:
  Autocast(torch::Device device, torch::ScalarType type, bool on);
  ~Autocast();
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  void set(bool on) const;

  torch::Device device_;
  bool on_;
};

/// What Autocast has set on `device`, in this thread.
struct AutocastSetting {
  bool on = false;
  torch::ScalarType type = torch::kBFloat16;
};
AutocastSetting autocast_of(torch::Device device);

/// How many threads an operation computes with, matrix products included: OpenBLAS has threads of
/// its own, which wait by spinning and starve the others where cores are busy.
void set_compute_threads(int threads);

}  // namespace tessera
