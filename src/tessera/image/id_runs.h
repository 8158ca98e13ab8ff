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
