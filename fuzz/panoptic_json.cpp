// A COCO panoptic JSON file: its index, its categories and images, and every annotation's segments.
#include "tessera/metrics/panoptic_json.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "tessera/core/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const int file = ::memfd_create("panoptic", 0);
  if (::ftruncate(file, 0) != 0 || ::pwrite(file, data, size, 0) != static_cast<ssize_t>(size))
    std::abort();
  try {
    const tessera::PanopticJson json("/proc/self/fd/" + std::to_string(file));
    tessera::JsonParser parser;
    for (const tessera::PanopticAnnotation& annotation : json.annotations())
      json.segments(annotation, parser);
    json.images();
    json.categories();
  } catch (const tessera::Error&) {
  }
  return 0;
}
