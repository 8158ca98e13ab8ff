#include "tessera/nn/compat.h"

#include <dlfcn.h>

#include <ATen/autocast_mode.h>
#include <torch/version.h>

namespace tessera {

#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4)
Autocast::Autocast(torch::Device device, torch::ScalarType type, bool on)
    : device_(device), on_(on) {
  if (!on_) return;
  at::autocast::set_autocast_dtype(device.type(), type);
  at::autocast::increment_nesting();
  set(true);
}

void Autocast::set(bool on) const { at::autocast::set_autocast_enabled(device_.type(), on); }

AutocastSetting autocast_of(torch::Device device) {
  return {at::autocast::is_autocast_enabled(device.type()),
          at::autocast::get_autocast_dtype(device.type())};
}
#else
Autocast::Autocast(torch::Device device, torch::ScalarType type, bool on)
    : device_(device), on_(on) {
  if (!on_) return;
  if (device.is_cuda())
    at::autocast::set_autocast_gpu_dtype(type);
  else
    at::autocast::set_autocast_cpu_dtype(type);
  at::autocast::increment_nesting();
  set(true);
}

void Autocast::set(bool on) const {
  if (device_.is_cuda())
    at::autocast::set_enabled(on);
  else
    at::autocast::set_cpu_enabled(on);
}

AutocastSetting autocast_of(torch::Device device) {
  if (device.is_cuda()) return {at::autocast::is_enabled(), at::autocast::get_autocast_gpu_dtype()};
  return {at::autocast::is_cpu_enabled(), at::autocast::get_autocast_cpu_dtype()};
}
#endif

Autocast::~Autocast() {
  if (!on_) return;
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
  set(false);
}

void set_compute_threads(int threads) {
  at::set_num_threads(threads);
  // libtorch asks MKL only; whichever BLAS is loaded, OpenBLAS has this function.
  using SetThreads = void (*)(int);
  if (const auto set =
          reinterpret_cast<SetThreads>(::dlsym(RTLD_DEFAULT, "openblas_set_num_threads")))
    set(threads);
}

}  // namespace tessera
