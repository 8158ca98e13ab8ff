// PNG and JPEG pictures, as every reader of datasets and results opens them. A PNG decoded into
// runs must have the pixels of the decoded one.
#include <cstdlib>
#include <optional>

#include "tessera/core/error.h"
#include "tessera/image/image_io.h"
#include "tessera/image/png_runs.h"

namespace {
using tessera::png::Header;

std::size_t pixel_bytes(const Header& header) {
  return static_cast<std::size_t>(header.channels() * header.bit_depth / 8);
}

/// The bytes of all rows; nothing when the file is broken.
std::optional<std::vector<std::uint8_t>> bytes_of_runs(std::span<const std::uint8_t> file,
                                                       const Header& header) {
  std::vector<std::uint8_t> bytes;
  try {
    tessera::png::RunDecoder decoder(file, "fuzz");
    for (int y = 0; y < header.size.height; ++y) {
      std::uint32_t x = 0;
      for (const tessera::png::PixelRun& run : decoder.next_row())
        for (; x < run.end; ++x)
          for (std::size_t i = 0; i < pixel_bytes(header); ++i)
            bytes.push_back(static_cast<std::uint8_t>(run.pixel >> (8 * i)));
    }
  } catch (const tessera::Error&) {
    return std::nullopt;
  }
  return bytes;
}

std::optional<std::vector<std::uint8_t>> decoded_bytes(std::span<const std::uint8_t> file) {
  std::vector<std::uint8_t> bytes;
  try {
    const tessera::png::Decoded decoded(file, "fuzz");
    const std::size_t row_bytes = decoded.header().row_bytes();
    for (int y = 0; y < decoded.header().size.height; ++y)
      bytes.insert(bytes.end(), decoded.row(y), decoded.row(y) + row_bytes);
  } catch (const tessera::Error&) {
    return std::nullopt;
  }
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::uint8_t> file(data, size);
  try {
    tessera::decode_image(file, "fuzz");
  } catch (const tessera::Error&) {
  }
  if (!tessera::png::is_png(file)) return 0;
  Header header;
  try {
    header = tessera::png::read_header(file, "fuzz");
  } catch (const tessera::Error&) {
    return 0;
  }
  if (tessera::png::RunDecoder::takes(header) && bytes_of_runs(file, header) != decoded_bytes(file))
    std::abort();
  return 0;
}
