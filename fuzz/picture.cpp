// PNG and JPEG pictures, as every reader of datasets and results opens them.
#include "tessera/core/error.h"
#include "tessera/image/image_io.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    tessera::decode_image({data, size}, "fuzz");
  } catch (const tessera::Error&) {
  }
  return 0;
}
