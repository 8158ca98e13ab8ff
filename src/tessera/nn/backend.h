#pragma once

#include <c10/core/Device.h>

#include <string>
#include <vector>

namespace tessera {

/// The library that computes matrix products beneath libtorch.
struct BlasInfo {
  std::string name;      ///< "OpenBLAS 0.3.21 ...", "MKL ..." or the path of the library
  bool is_slow = false;  ///< the reference BLAS: right, but many times slower
};

/// What libtorch computes with on this machine.
struct Backend {
  std::string libtorch;        ///< version
  std::string onednn;          ///< version
  std::string cpu_capability;  ///< the widest instruction set that its own kernels use, "AVX512"
  BlasInfo blas;
  bool has_cuda = false;                  ///< libtorch has CUDA and sees a device
  std::vector<std::string> cuda_devices;  ///< names
};

Backend describe_backend();

/// Warns when work in `precision` on `device` is slow on this machine.
void warn_of_slow_precision(const std::string& precision, c10::Device device);

/// The value of `CPU capability usage: X` in at::show_config()'s text, "default" when it has none.
std::string cpu_capability_in(const std::string& config);

}  // namespace tessera
