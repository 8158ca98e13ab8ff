#include "tessera/inference/scaled_masks.h"

#include <algorithm>

#include "tessera/core/error.h"

namespace tessera {
namespace {

constexpr int kTaps = 4;

/// torch's bilinear source position of an output pixel: the left neighbour and the weight of the
/// right one.
struct Position {
  int left;
  int right;
  float right_weight;
};

Position source_position(int output, int source_size, int output_size) {
  const float scale = static_cast<float>(source_size) / static_cast<float>(output_size);
  const float at = std::max(0.0F, scale * (static_cast<float>(output) + 0.5F) - 0.5F);
  const int left = std::min(static_cast<int>(at), source_size - 1);
  return {left, std::min(left + 1, source_size - 1), at - static_cast<float>(left)};
}

/// Repeats the last column and row until the grid has kTaps of each.
std::vector<float> extend_grid(std::span<const float> values, int rows, Size from, Size to) {
  std::vector<float> extended;
  extended.reserve(static_cast<std::size_t>(rows) * to.width * to.height);
  for (int row = 0; row < rows; ++row)
    for (int y = 0; y < to.height; ++y)
      for (int x = 0; x < to.width; ++x)
        extended.push_back(
            values[(static_cast<std::size_t>(row) * from.height + std::min(y, from.height - 1)) *
                       from.width +
                   std::min(x, from.width - 1)]);
  return extended;
}

}  // namespace

std::vector<AxisTaps> compose_resizes(int source, int padded, int resized, int original) {
  if (padded < source || resized > padded)
    fail("cannot resize masks of {} pixels to {} padded and {} picture pixels", source, padded,
         resized);
  std::vector<AxisTaps> taps(original);
  for (int i = 0; i < original; ++i) {
    const Position outer = source_position(i, resized, original);
    const Position inner[2] = {source_position(outer.left, source, padded),
                               source_position(outer.right, source, padded)};
    const float outer_weights[2] = {1 - outer.right_weight, outer.right_weight};
    // The outer neighbours lie side by side, so their own neighbours are four in a row at most.
    taps[i].first = std::max(0, std::min(inner[0].left, source - kTaps));
    for (int side = 0; side < 2; ++side) {
      taps[i].weights[inner[side].left - taps[i].first] +=
          outer_weights[side] * (1 - inner[side].right_weight);
      taps[i].weights[inner[side].right - taps[i].first] +=
          outer_weights[side] * inner[side].right_weight;
    }
  }
  return taps;
}

ScaledMasks::ScaledMasks(std::span<const float> probabilities, int rows, Size grid,
                         const Geometry& geometry)
    : values_(probabilities), rows_(rows), grid_(grid), geometry_(geometry) {
  grid_ = {std::max(grid.width, kTaps), std::max(grid.height, kTaps)};
  if (grid_ != grid) {
    extended_ = extend_grid(probabilities, rows, grid, grid_);
    values_ = extended_;
  }
  horizontal_ = compose_resizes(grid.width, geometry.padded.width, geometry.resized.width,
                                geometry.original.width);
  vertical_ = compose_resizes(grid.height, geometry.padded.height, geometry.resized.height,
                              geometry.original.height);
  tile_columns_ = (geometry.original.width + kTile - 1) / kTile;
  tile_rows_ = (geometry.original.height + kTile - 1) / kTile;
}

double ScaledMasks::coarse_overlap(int row, int other, float threshold) const {
  const float *a = plane(row), *b = plane(other);
  std::int64_t first = 0, second = 0, both = 0;
  for (int i = 0; i < grid_.width * grid_.height; ++i) {
    first += a[i] > threshold;
    second += b[i] > threshold;
    both += a[i] > threshold && b[i] > threshold;
  }
  return both == 0 ? 0 : static_cast<double>(both) / static_cast<double>(std::min(first, second));
}

ScaledMasks::Tile ScaledMasks::tile(int index) const {
  const int x = index % tile_columns_ * kTile, y = index / tile_columns_ * kTile;
  return {x, y, std::min(kTile, geometry_.original.width - x),
          std::min(kTile, geometry_.original.height - y)};
}

ScaledMasks::Range ScaledMasks::range(int row, const Tile& tile) const {
  const int left = horizontal_[tile.x].first;
  const int right = horizontal_[tile.x + tile.width - 1].first + kTaps;
  const int top = vertical_[tile.y].first;
  const int bottom = vertical_[tile.y + tile.height - 1].first + kTaps;
  const float* values = plane(row);
  Range range = {values[static_cast<std::size_t>(top) * grid_.width + left],
                 values[static_cast<std::size_t>(top) * grid_.width + left]};
  for (int y = top; y < bottom; ++y) {
    const float* line = values + static_cast<std::size_t>(y) * grid_.width;
    for (int x = left; x < right; ++x) {
      range.low = std::min(range.low, line[x]);
      range.high = std::max(range.high, line[x]);
    }
  }
  return range;
}

void ScaledMasks::interpolate(int row, const Tile& tile, float* values) const {
  const int top = vertical_[tile.y].first;
  const int bottom = vertical_[tile.y + tile.height - 1].first + kTaps;
  // The source lines beneath the tile, resized along x.
  thread_local std::vector<float> lines;
  lines.resize(static_cast<std::size_t>(bottom - top) * kTile);
  const float* source = plane(row) + static_cast<std::size_t>(top) * grid_.width;
  for (int y = 0; y < bottom - top; ++y, source += grid_.width) {
    float* line = lines.data() + static_cast<std::size_t>(y) * kTile;
    for (int x = 0; x < tile.width; ++x) {
      const AxisTaps& taps = horizontal_[tile.x + x];
      const float* from = source + taps.first;
      line[x] = (taps.weights[0] * from[0] + taps.weights[1] * from[1]) +
                (taps.weights[2] * from[2] + taps.weights[3] * from[3]);
    }
  }
  for (int y = 0; y < tile.height; ++y) {
    const AxisTaps& taps = vertical_[tile.y + y];
    const float* from = lines.data() + static_cast<std::size_t>(taps.first - top) * kTile;
    float* to = values + static_cast<std::size_t>(y) * kTile;
    for (int x = 0; x < tile.width; ++x)
      to[x] = (taps.weights[0] * from[x] + taps.weights[1] * from[kTile + x]) +
              (taps.weights[2] * from[2 * kTile + x] + taps.weights[3] * from[3 * kTile + x]);
  }
}

std::vector<float> ScaledMasks::dense(int row) const {
  const Size size = geometry_.original;
  std::vector<float> result(static_cast<std::size_t>(size.width) * size.height);
  float values[kTile * kTile];
  for (int t = 0; t < tile_count(); ++t) {
    const Tile area = tile(t);
    interpolate(row, area, values);
    for (int y = 0; y < area.height; ++y)
      std::copy_n(values + y * kTile, area.width,
                  result.data() + static_cast<std::size_t>(area.y + y) * size.width + area.x);
  }
  return result;
}

Rle ScaledMasks::above(int row, float threshold) const {
  Pixels<std::uint8_t> mask(geometry_.original, 1);
  float values[kTile * kTile];
  for (int t = 0; t < tile_count(); ++t) {
    const Tile area = tile(t);
    const Range bounds = range(row, area);
    if (bounds.high <= threshold) continue;
    const bool all = bounds.low > threshold;
    if (!all) interpolate(row, area, values);
    for (int y = 0; y < area.height; ++y) {
      std::uint8_t* line = mask.row(area.y + y) + area.x;
      for (int x = 0; x < area.width; ++x) line[x] = all || values[y * kTile + x] > threshold;
    }
  }
  return rle_encode(mask);
}

}  // namespace tessera
