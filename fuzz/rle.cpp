// Run-length masks from annotation files: the string form, lists of counts, polygons.
#include "tessera/image/rle.h"

#include <cstring>

#include "tessera/core/error.h"

namespace {

template <class T>
std::vector<T> numbers(const std::uint8_t* data, std::size_t size) {
  std::vector<T> values(size / sizeof(T));
  if (!values.empty()) std::memcpy(values.data(), data, values.size() * sizeof(T));
  return values;
}

/// What evaluation does with a mask that was accepted.
void use(const tessera::Rle& rle) {
  const tessera::Rle again = tessera::rle_encode(tessera::rle_decode(rle));
  if (tessera::rle_area(again) != tessera::rle_area(rle)) __builtin_trap();
  if (tessera::rle_from_string(tessera::rle_to_string(rle), rle.size) != rle) __builtin_trap();
  tessera::rle_box(rle);
  tessera::rle_iou(rle, again);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const tessera::Size picture{data[0] + 1, data[1] + 1};
  const int form = data[2] % 3;
  data += 3;
  size -= 3;
  try {
    if (form == 0)
      use(tessera::rle_from_string({reinterpret_cast<const char*>(data), size}, picture));
    else if (form == 1)
      use(tessera::rle_from_counts(numbers<std::uint32_t>(data, size), picture));
    else
      use(tessera::rle_from_polygon(numbers<double>(data, size), picture));
  } catch (const tessera::Error&) {
  }
  return 0;
}
