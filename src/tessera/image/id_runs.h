#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "tessera/image/image.h"

namespace tessera {

/// The pixels from the end of the run before up to `end`, in reading order: all have one id.
struct IdRun {
  std::uint32_t end = 0;
  std::uint32_t id = 0;
  friend bool operator==(const IdRun&, const IdRun&) = default;
};

/// A picture of ids as runs of equal pixels. Labels change rarely along a row, so what looks at
/// every pixel of a picture once (counting, above all) takes runs in a fraction of an IdMap's time.
struct IdRuns {
  Size size;
  std::vector<IdRun> runs;
};

IdRuns to_runs(const IdMap& ids);
IdMap to_map(const IdRuns& picture);

/// What read_id_png and read_label16_png read (image_io.h), without a map in between.
IdRuns read_id_runs(const std::filesystem::path& path);
IdRuns read_label_runs(const std::filesystem::path& path);

/// The first byte of row[begin, size) that differs from the one `distance` before it, or `size`.
std::size_t first_change(const std::uint8_t* row, std::size_t begin, std::size_t size,
                         std::size_t distance);

/// Adds row `y`, whose pixels are kBytes bytes each; id_of(pixel) is the id of one.
template <int kBytes, class IdOf>
void append_row(IdRuns& picture, int y, const std::uint8_t* row, const IdOf& id_of) {
  const std::size_t size = static_cast<std::size_t>(picture.size.width) * kBytes;
  const std::size_t row_begin = static_cast<std::size_t>(y) * picture.size.width;
  for (std::size_t begin = 0; begin < size;) {
    // The change may be inside a pixel, which then starts the next run.
    const std::size_t end = first_change(row, begin + kBytes, size, kBytes) / kBytes;
    const IdRun run = {static_cast<std::uint32_t>(row_begin + end), id_of(row + begin)};
    if (!picture.runs.empty() && picture.runs.back().id == run.id)
      picture.runs.back().end = run.end;
    else
      picture.runs.push_back(run);
    begin = end * kBytes;
  }
}

/// Calls visit(id in a, id in b, pixels) for each stretch over which neither changes. The pictures
/// have one size.
template <class Visit>
void for_each_overlap(const IdRuns& a, const IdRuns& b, const Visit& visit) {
  std::uint32_t begin = 0;
  for (auto i = a.runs.begin(), j = b.runs.begin(); i != a.runs.end();) {
    const std::uint32_t end = std::min(i->end, j->end);
    visit(i->id, j->id, end - begin);
    begin = end;
    const bool a_ends = i->end == end, b_ends = j->end == end;
    i += a_ends;
    j += b_ends;
  }
}

}  // namespace tessera
