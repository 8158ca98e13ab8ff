#include "tessera/image/id_runs.h"

#include <bit>
#include <cstring>

#include "tessera/core/file.h"
#include "tessera/image/png.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace tessera {
namespace {

std::uint32_t value8(const std::uint8_t* pixel) { return pixel[0]; }
std::uint32_t value16(const std::uint8_t* pixel) { return std::uint32_t{pixel[0]} << 8 | pixel[1]; }
std::uint32_t rgb_id(const std::uint8_t* pixel) {
  return pixel[0] | std::uint32_t{pixel[1]} << 8 | std::uint32_t{pixel[2]} << 16;
}
std::uint32_t native_id(const std::uint8_t* pixel) {
  std::uint32_t id = 0;
  std::memcpy(&id, pixel, sizeof(id));
  return id;
}

#if defined(__SSE2__)
constexpr std::size_t kBlock = 16;

/// All bits of a byte are set where the byte equals the one `distance` before it.
__m128i unchanged(const std::uint8_t* bytes, std::size_t distance) {
  return _mm_cmpeq_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes)),
                        _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes - distance)));
}
#endif

}  // namespace

std::size_t first_change(const std::uint8_t* row, std::size_t begin, std::size_t size,
                         std::size_t distance) {
  std::size_t i = begin;
#if defined(__SSE2__)
  for (; i + 4 * kBlock <= size; i += 4 * kBlock) {
    const __m128i first =
        _mm_and_si128(unchanged(row + i, distance), unchanged(row + i + kBlock, distance));
    const __m128i second = _mm_and_si128(unchanged(row + i + 2 * kBlock, distance),
                                         unchanged(row + i + 3 * kBlock, distance));
    if (_mm_movemask_epi8(_mm_and_si128(first, second)) != 0xffff) break;
  }
  for (; i + kBlock <= size; i += kBlock) {
    const auto equal = static_cast<unsigned>(_mm_movemask_epi8(unchanged(row + i, distance)));
    if (equal != 0xffff) return i + static_cast<std::size_t>(std::countr_one(equal));
  }
#endif
  while (i < size && row[i] == row[i - distance]) ++i;
  return i;
}

IdRuns to_runs(const IdMap& ids) {
  IdRuns picture{ids.size(), {}};
  for (int y = 0; y < ids.height(); ++y)
    append_row<sizeof(std::uint32_t)>(picture, y, reinterpret_cast<const std::uint8_t*>(ids.row(y)),
                                      native_id);
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
  const png::Decoded png(read_file(path), name);
  png::require_rgb(png.header(), name);
  IdRuns picture{png.header().size, {}};
  for (int y = 0; y < picture.size.height; ++y) {
    if (png.header().channels() == 3)
      append_row<3>(picture, y, png.row(y), rgb_id);
    else
      append_row<4>(picture, y, png.row(y), rgb_id);
  }
  return picture;
}

IdRuns read_label_runs(const std::filesystem::path& path) {
  const std::string name = path.string();
  const png::Decoded png(read_file(path), name);
  const png::Header& header = png.header();
  png::require_values(header, name);
  IdRuns picture{header.size, {}};
  std::vector<std::uint8_t> samples(static_cast<std::size_t>(header.size.width));
  for (int y = 0; y < picture.size.height; ++y) {
    const std::uint8_t* row = png.row(y);
    if (header.bit_depth == 16) {
      append_row<2>(picture, y, row, value16);
      continue;
    }
    if (header.bit_depth < 8) {
      for (int x = 0; x < header.size.width; ++x)
        samples[static_cast<std::size_t>(x)] = png::sample(row, x, header.bit_depth);
      row = samples.data();
    }
    append_row<1>(picture, y, row, value8);
  }
  return picture;
}

}  // namespace tessera
