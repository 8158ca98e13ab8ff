#include <fmt/core.h>

#include <fmt/ranges.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <opencv2/core/utility.hpp>

#include "command.h"
#include "tessera/core/log.h"
#include "tessera/core/machine.h"
#include "tessera/core/text.h"
#include "tessera/nn/backend.h"
#include "torch_commands.h"

namespace tessera::app {
namespace {

void print_text(const Machine& machine, const Backend& backend, int threads) {
  fmt::print("tessera    {}\n", TESSERA_VERSION);
  fmt::print("libtorch   {}, its kernels use {}\n", backend.libtorch, backend.cpu_capability);
  fmt::print("oneDNN     {}\n", backend.onednn);
  fmt::print("BLAS       {}\n", backend.blas.name);
  fmt::print("OpenCV     {}\n", cv::getVersionString());
  fmt::print("processor  {}\n", machine.processor);
  fmt::print("features   {}\n", fmt::join(machine.features, " "));
  fmt::print("threads    {}\n", threads);
  fmt::print("memory     {}, {} free\n", format_bytes(machine.memory_bytes),
             format_bytes(machine.free_memory_bytes));
  fmt::print("CUDA       {}\n", backend.has_cuda
                                    ? fmt::format("{}", fmt::join(backend.cuda_devices, ", "))
                                    : "none that this libtorch can use");
}

void print_json(const Machine& machine, const Backend& backend, int threads) {
  const nlohmann::ordered_json json = {
      {"tessera", TESSERA_VERSION},
      {"libtorch", backend.libtorch},
      {"cpu_capability", backend.cpu_capability},
      {"onednn", backend.onednn},
      {"blas", {{"name", backend.blas.name}, {"slow", backend.blas.is_slow}}},
      {"opencv", cv::getVersionString()},
      {"processor", machine.processor},
      {"features", machine.features},
      {"threads", threads},
      {"memory_bytes", machine.memory_bytes},
      {"free_memory_bytes", machine.free_memory_bytes},
      {"cuda", backend.has_cuda},
      {"cuda_devices", backend.cuda_devices}};
  fmt::print("{}\n", json.dump(2));
}

}  // namespace

void add_info_command(CLI::App& app) {
  auto common = std::make_shared<CommonOptions>();
  auto as_json = std::make_shared<bool>(false);
  CLI::App* command = add_command(
      app, "info", torch_command_description("info"), "tessera info --json", *common,
      [common, as_json] {
        const Machine machine = describe_machine();
        const Backend backend = describe_backend();
        (*as_json ? print_json : print_text)(machine, backend, common->thread_count());
        if (backend.blas.is_slow)
          spdlog::warn(
              "{} is the reference BLAS: matrix products run many times slower than with OpenBLAS; "
              "install it with 'apt-get install libopenblas0-pthread'",
              backend.blas.name);
      });
  command->add_flag("--json", *as_json, "Print JSON");
}

}  // namespace tessera::app
