// All that read_torch_file takes: zip archives, legacy files and plain pickles, told by their
// start.
#include "tessera/checkpoint/torch_file.h"

#include "tessera/core/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto tree = tessera::parse_torch_file({data, size}, nullptr);
    tessera::describe(*tree->root);
    for (const tessera::Value& value : tree->values) {
      const auto* tensor = value.as<tessera::TensorView>();
      if (tensor != nullptr && tensor->byte_size() < (1u << 20)) tensor->packed_bytes();
    }
  } catch (const tessera::Error&) {
  }
  return 0;
}
