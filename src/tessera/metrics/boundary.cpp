#include "tessera/metrics/boundary.h"

#include <algorithm>
#include <cmath>

namespace tessera {
namespace {

constexpr double kBoundaryShare = 0.008;

std::vector<std::int32_t> find_boundary(const LabelMap& labels, std::uint8_t label) {
  std::vector<std::int32_t> boundary;
  const int width = labels.width(), height = labels.height();
  for (int y = 0; y < height; ++y) {
    const std::uint8_t* row = labels.row(y);
    const std::uint8_t* below = y + 1 < height ? labels.row(y + 1) : row;
    for (int x = 0; x < width; ++x) {
      const int right = std::min(x + 1, width - 1);
      const bool here = row[x] == label;
      // The last row looks to the right only, the last column down only.
      if ((row[right] == label) != here || (below[x] == label) != here ||
          (x + 1 < width && y + 1 < height && (below[right] == label) != here))
        boundary.push_back(y * width + x);
    }
  }
  return boundary;
}

/// Dilation by the disk: every boundary pixel covers a run in each row around it, and the runs of a
/// row are added up from their ends.
std::vector<std::uint8_t> dilate(const std::vector<std::int32_t>& boundary, Size size, int radius) {
  const int width = size.width, height = size.height;
  std::vector<int> half_width;
  for (int dy = 0; dy <= radius; ++dy)
    half_width.push_back(
        static_cast<int>(std::sqrt(static_cast<double>(radius * radius - dy * dy))));
  std::vector<std::int16_t> ends(static_cast<std::size_t>(width + 1) * height);
  for (const std::int32_t pixel : boundary) {
    const int x = pixel % width, y = pixel / width;
    for (int row = std::max(0, y - radius); row <= std::min(height - 1, y + radius); ++row) {
      const int half = half_width[static_cast<std::size_t>(std::abs(row - y))];
      std::int16_t* line = ends.data() + static_cast<std::size_t>(row) * (width + 1);
      ++line[std::max(0, x - half)];
      --line[std::min(width - 1, x + half) + 1];
    }
  }
  std::vector<std::uint8_t> near(static_cast<std::size_t>(width) * height);
  for (int y = 0; y < height; ++y) {
    int open = 0;
    for (int x = 0; x < width; ++x) {
      open += ends[static_cast<std::size_t>(y) * (width + 1) + x];
      near[static_cast<std::size_t>(y) * width + x] = open > 0;
    }
  }
  return near;
}

double share_within(const std::vector<std::int32_t>& boundary,
                    const std::vector<std::uint8_t>& near) {
  std::int64_t within = 0;
  for (const std::int32_t pixel : boundary) within += near[static_cast<std::size_t>(pixel)];
  return static_cast<double>(within) / static_cast<double>(boundary.size());
}

}  // namespace

int boundary_radius(Size size) {
  const double diagonal = std::sqrt(static_cast<double>(size.width) * size.width +
                                    static_cast<double>(size.height) * size.height);
  return static_cast<int>(std::ceil(kBoundaryShare * diagonal));
}

MaskOutline outline_of(const LabelMap& labels, std::uint8_t label, int radius) {
  MaskOutline outline;
  outline.area = std::count(labels.values().begin(), labels.values().end(), label);
  outline.boundary = find_boundary(labels, label);
  if (!outline.boundary.empty()) outline.near = dilate(outline.boundary, labels.size(), radius);
  return outline;
}

double boundary_f(const MaskOutline& prediction, const MaskOutline& object) {
  if (prediction.boundary.empty() && object.boundary.empty()) return 1.0;
  if (prediction.boundary.empty() || object.boundary.empty()) return 0.0;
  const double precision = share_within(prediction.boundary, object.near);
  const double recall = share_within(object.boundary, prediction.near);
  const double sum = precision + recall;
  return sum == 0 ? 0.0 : 2 * precision * recall / sum;
}

}  // namespace tessera
