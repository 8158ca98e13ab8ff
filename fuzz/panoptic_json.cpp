// A COCO panoptic JSON file: its index, its categories and images, and every annotation's segments.
#include "tessera/metrics/panoptic_json.h"

#include "memory_file.h"
#include "tessera/core/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static tessera::fuzz::MemoryFile file;
  file.write({data, size});
  try {
    const tessera::PanopticJson json(file.path());
    tessera::JsonParser parser;
    for (const tessera::PanopticAnnotation& annotation : json.annotations())
      json.segments(annotation, tessera::ListedAreas::kNeeded, parser);
    json.images();
    json.categories();
  } catch (const tessera::Error&) {
  }
  return 0;
}
