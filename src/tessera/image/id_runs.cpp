#include "tessera/image/id_runs.h"

#include <algorithm>

#include "tessera/core/file.h"
#include "tessera/image/byte_scan.h"
#include "tessera/image/image_io.h"
#include "tessera/image/png_runs.h"
#include "tessera/image/widen.h"

namespace tessera {
namespace {

/// A picture's pixels from the end of the last run up to `end`.
void append(IdRuns& picture, std::size_t end, std::uint32_t id) {
  if (!picture.runs.empty() && picture.runs.back().id == id)
    picture.runs.back().end = static_cast<std::uint32_t>(end);
  else
    picture.runs.push_back({static_cast<std::uint32_t>(end), id});
}

/// id_of(pixel) is the id of a png::PixelRun's bytes.
template <class IdOf>
IdRuns decode_runs(std::span<const std::uint8_t> bytes, Size size, const std::string& name,
                   const IdOf& id_of) {
  png::RunDecoder decoder(bytes, name);
  IdRuns picture{size, {}};
  std::size_t row_begin = 0;
  for (int y = 0; y < size.height; ++y) {
    for (const png::PixelRun& run : decoder.next_row())
      append(picture, row_begin + run.end, id_of(run.pixel));
    row_begin += static_cast<std::size_t>(size.width);
  }
  return picture;
}

}  // namespace

IdRuns to_runs(const IdMap& ids) {
  constexpr std::size_t kBytes = sizeof(std::uint32_t);
  IdRuns picture{ids.size(), {}};
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(ids.data());
  const std::size_t pixels = ids.values().size();
  for (std::size_t begin = 0; begin < pixels;) {
    // The change may be inside a pixel, which then starts the next run.
    const std::size_t end =
        first_change(bytes, (begin + 1) * kBytes, pixels * kBytes, kBytes) / kBytes;
    append(picture, end, ids.values()[begin]);
    begin = end;
  }
  return picture;
}

IdMap to_map(const IdRuns& picture) {
  IdMap ids(picture.size, 1);
  std::uint32_t begin = 0;
  for (const IdRun& run : picture.runs) {
    std::fill(ids.data() + begin, ids.data() + run.end, run.id);
    begin = run.end;
  }
  return ids;
}

IdRuns read_id_runs(const std::filesystem::path& path) {
  const std::string name = path.string();
  const std::vector<std::uint8_t> bytes = read_file(path);
  const png::Header header = png::read_header(bytes, name);
  png::require_rgb(header, name);
  if (!png::RunDecoder::takes(header)) return to_runs(read_id_png(path));
  return decode_runs(bytes, header.size, name, [](std::uint32_t rgba) { return rgba & 0xffffff; });
}

IdRuns read_label_runs(const std::filesystem::path& path) {
  const std::string name = path.string();
  const std::vector<std::uint8_t> bytes = read_file(path);
  const png::Header header = png::read_header(bytes, name);
  png::require_values(header, name);
  if (!png::RunDecoder::takes(header)) return to_runs(widen(read_label16_png(path)));
  if (header.bit_depth == 8)
    return decode_runs(bytes, header.size, name, [](std::uint32_t label) { return label; });
  return decode_runs(bytes, header.size, name, [](std::uint32_t big_endian) {
    return (big_endian & 0xff) << 8 | big_endian >> 8;
  });
}

}  // namespace tessera
