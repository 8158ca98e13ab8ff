#include "tessera/checkpoint/safetensors.h"

#include "tessera/core/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    for (const auto& [name, tensor] : tessera::parse_safetensors({data, size}, nullptr).tensors)
      tensor.packed_bytes();
  } catch (const tessera::Error&) {
  }
  return 0;
}
