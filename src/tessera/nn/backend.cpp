#include "tessera/nn/backend.h"

#include <ATen/Version.h>
#include <dlfcn.h>
#include <torch/cuda.h>
#include <torch/version.h>

#include <filesystem>
#include <optional>

#include "tessera/core/file.h"
#include "tessera/core/log.h"
#include "tessera/core/machine.h"

namespace tessera {
namespace fs = std::filesystem;
namespace {

/// The rest of the first line of `text` that holds `mark`, from after the mark.
std::optional<std::string> after(const std::string& text, const std::string& mark) {
  const std::size_t found = text.find(mark);
  if (found == std::string::npos) return std::nullopt;
  const std::size_t begin = found + mark.size();
  return text.substr(begin, text.find('\n', begin) - begin);
}

BlasInfo describe_blas(const std::string& config) {
  // libtorch does not say which BLAS the system's libblas.so.3 is, the loaded library itself does.
  using GetConfig = char* (*)();
  if (const auto get = reinterpret_cast<GetConfig>(::dlsym(RTLD_DEFAULT, "openblas_get_config")))
    return {get(), false};
  if (const auto mkl = after(config, "Math Kernel Library Version")) return {"MKL" + *mkl, false};
  Dl_info info = {};
  void* gemm = ::dlsym(RTLD_DEFAULT, "sgemm_");
  if (gemm == nullptr || ::dladdr(gemm, &info) == 0) return {"inside libtorch", false};
  std::error_code ignored;
  const fs::path path = fs::canonical(info.dli_fname, ignored);
  return {path.string(), path.filename().string().starts_with("libblas.so")};
}

/// Names that the driver gives its devices. libtorch tells only with its CUDA headers.
std::vector<std::string> cuda_device_names() {
  std::vector<std::string> names;
  const fs::path root = "/proc/driver/nvidia/gpus";
  if (!fs::exists(root)) return names;
  for (const fs::path& gpu : list_folders(root)) {
    std::string name = after(read_text_file(gpu / "information"), "Model:").value_or("");
    name.erase(0, name.find_first_not_of(" \t"));
    names.push_back(name);
  }
  return names;
}

}  // namespace

void warn_of_slow_precision(const std::string& precision, c10::Device device) {
  if (precision == "bf16" && device.is_cpu() && !multiplies_bfloat16(describe_machine()))
    spdlog::warn("this processor has no instructions for bfloat16: fp32 is many times faster here");
}

std::string cpu_capability_in(const std::string& config) {
  return after(config, "CPU capability usage: ").value_or("default");
}

Backend describe_backend() {
  const std::string config = at::show_config();
  Backend backend;
  backend.libtorch = TORCH_VERSION;
  backend.onednn = at::get_mkldnn_version();
  backend.cpu_capability = cpu_capability_in(config);
  backend.blas = describe_blas(config);
  backend.has_cuda = torch::cuda::is_available();
  if (backend.has_cuda) backend.cuda_devices = cuda_device_names();
  return backend;
}

}  // namespace tessera
