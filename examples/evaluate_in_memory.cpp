// A metric as a library: two workers score their frames as a training loop would, without files,
// and their parts are merged.
#include <fmt/core.h>

#include <algorithm>

#include "tessera/metrics/pq.h"

namespace {

using namespace tessera;

const std::vector<Category> kCategories = {{0, "road", false}, {1, "car", true}};

/// A road with one car whose left edge is at `x`.
PanopticMap draw_street(int x) {
  PanopticMap street{IdMap({64, 32}, 1, 1), {{.id = 1, .category = 0}, {.id = 2, .category = 1}}};
  for (int row = 12; row < 24; ++row)
    std::fill(street.ids.row(row) + x, street.ids.row(row) + x + 16, 2u);
  count_areas(street);
  return street;
}

PanopticQuality score_frames(int first, int end) {
  PanopticQuality quality(kCategories);
  for (int frame = first; frame < end; ++frame)
    quality.add(draw_street(2 * frame), draw_street(2 * frame + 3));  // three pixels off
  return quality;
}

}  // namespace

int main() {
  PanopticQuality quality = score_frames(0, 10);
  quality.merge(score_frames(10, 20));
  for (const Table& table : quality.report().tables) fmt::print("{}\n", to_text(table));
}
