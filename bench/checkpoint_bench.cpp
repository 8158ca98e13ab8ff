// Opens a checkpoint and reads none, one or all of its tensors: what checkpoint_bench.py times and
// weighs.
#include <fmt/core.h>

#include <algorithm>
#include <string>

#include "tessera/checkpoint/checkpoint.h"
#include "tessera/core/error.h"

namespace {

/// Touches every byte, as a caller that copies the tensor would.
std::uint64_t read_tensor(const tessera::TensorView& tensor) {
  std::uint64_t sum = 0;
  tensor.for_each_piece([&](std::span<const std::uint8_t> bytes) {
    for (const std::uint8_t byte : bytes) sum += byte;
  });
  return sum;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    fmt::print(stderr, "usage: checkpoint_bench FILE open|all|NAME\n");
    return 2;
  }
  const std::string what = argv[2];
  try {
    const tessera::Checkpoint checkpoint = tessera::open_checkpoint(argv[1]);
    std::uint64_t sum = 0, read = 0;
    for (const auto& [name, tensor] : checkpoint.tensors) {
      if (what != "all" && what != name) continue;
      sum += read_tensor(tensor);
      ++read;
    }
    fmt::print("{} tensors, {} read, byte sum {}\n", checkpoint.tensors.size(), read, sum);
    return what == "open" || read > 0 ? 0 : 1;
  } catch (const tessera::Error& error) {
    fmt::print(stderr, "checkpoint_bench: {}\n", error.what());
    return 1;
  }
}
