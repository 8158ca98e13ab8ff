#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "tessera/core/error.h"
#include "tessera/image/rle.h"

namespace tessera {
namespace {

/// COCO walks the outline on a grid five times as fine as the pixels.
constexpr double kScale = 5.0;

struct Point {
  std::int64_t x, y;
};

std::int64_t to_fine_grid(double value) { return static_cast<std::int64_t>(kScale * value + 0.5); }

/// All grid points of the edge from `a` to `b`, in that order. An edge is computed from its smaller
/// end in the major direction, so that it rounds the same way whichever polygon it belongs to.
void walk_edge(Point a, Point b, std::vector<Point>& points) {
  const std::int64_t dx = std::abs(b.x - a.x), dy = std::abs(b.y - a.y);
  const bool along_x = dx >= dy;
  const bool flipped = along_x ? a.x > b.x : a.y > b.y;
  if (flipped) std::swap(a, b);
  const std::int64_t steps = along_x ? dx : dy;
  const double slope = steps == 0 ? 0.0
                       : along_x  ? static_cast<double>(b.y - a.y) / static_cast<double>(dx)
                                  : static_cast<double>(b.x - a.x) / static_cast<double>(dy);
  for (std::int64_t step = 0; step <= steps; ++step) {
    const std::int64_t t = flipped ? steps - step : step;
    const double start = static_cast<double>(along_x ? a.y : a.x);
    const auto across = static_cast<std::int64_t>(start + slope * static_cast<double>(t) + 0.5);
    points.push_back(along_x ? Point{a.x + t, across} : Point{across, a.y + t});
  }
}

/// The column-major position at which the outline enters or leaves a pixel column between two
/// points, if it does.
bool boundary_position(const Point& before, const Point& here, Size size, std::uint64_t& position) {
  if (here.x == before.x) return false;
  const std::int64_t fine_x = here.x < before.x ? here.x : here.x - 1;
  const double column = (static_cast<double>(fine_x) + 0.5) / kScale - 0.5;
  if (std::floor(column) != column || column < 0 || column > size.width - 1) return false;
  const double fine_y = static_cast<double>(std::min(here.y, before.y));
  const double row =
      std::ceil(std::clamp((fine_y + 0.5) / kScale - 0.5, 0.0, static_cast<double>(size.height)));
  position = static_cast<std::uint64_t>(column) * static_cast<std::uint64_t>(size.height) +
             static_cast<std::uint64_t>(row);
  return true;
}

}  // namespace

Rle rle_from_polygon(std::span<const double> xy, Size size) {
  if (xy.size() % 2 != 0) fail("polygon has an odd number of coordinates ({})", xy.size());
  if (xy.size() < 6) fail("polygon has {} coordinates, at least 6 are needed", xy.size());
  // A coordinate far outside the picture would mean walking billions of points.
  const double reach = 16.0 * (static_cast<double>(size.width) + size.height + 1024.0);
  std::vector<Point> corners;
  for (std::size_t i = 0; i < xy.size(); i += 2) {
    if (!(std::abs(xy[i]) <= reach && std::abs(xy[i + 1]) <= reach))
      fail("polygon has the corner ({}, {}), far outside its {} picture", xy[i], xy[i + 1],
           to_string(size));
    corners.push_back({to_fine_grid(xy[i]), to_fine_grid(xy[i + 1])});
  }
  corners.push_back(corners.front());
  std::vector<Point> outline;
  for (std::size_t i = 0; i + 1 < corners.size(); ++i)
    walk_edge(corners[i], corners[i + 1], outline);

  std::vector<std::uint64_t> positions;
  for (std::size_t i = 1; i < outline.size(); ++i) {
    std::uint64_t position = 0;
    if (boundary_position(outline[i - 1], outline[i], size, position))
      positions.push_back(position);
  }
  positions.push_back(static_cast<std::uint64_t>(size.width) *
                      static_cast<std::uint64_t>(size.height));
  std::sort(positions.begin(), positions.end());

  // Differences are the runs; two boundaries at one place cancel, joining the runs on either side.
  Rle rle{size, {}};
  std::uint64_t previous = 0;
  bool join = false;
  for (const std::uint64_t position : positions) {
    const auto run = static_cast<std::uint32_t>(position - previous);
    previous = position;
    if (join) {
      rle.counts.back() += run;
      join = false;
    } else if (run == 0 && !rle.counts.empty()) {
      join = true;
    } else {
      rle.counts.push_back(run);
    }
  }
  return rle;
}

Rle rle_from_polygons(std::span<const std::vector<double>> polygons, Size size) {
  std::vector<Rle> parts;
  for (const std::vector<double>& polygon : polygons)
    parts.push_back(rle_from_polygon(polygon, size));
  return rle_union(parts);
}

Rle rle_from_box(const Box& box, Size size) {
  const double right = box.x + box.width, bottom = box.y + box.height;
  const double xy[] = {box.x, box.y, box.x, bottom, right, bottom, right, box.y};
  return rle_from_polygon(xy, size);
}

}  // namespace tessera
