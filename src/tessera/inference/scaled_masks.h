#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "tessera/image/image.h"
#include "tessera/image/rle.h"

namespace tessera {

/// How a picture went into a network: resized, then padded right and below.
struct Geometry {
  Size original;
  Size resized;
  Size padded;
};

/// One output pixel along one axis: up to four neighbouring source pixels and their weights.
struct AxisTaps {
  int first = 0;
  std::array<float, 4> weights = {};
};

/// Bilinear resizing from `source` to `padded` pixels, a crop to `resized`, and bilinear resizing
/// to `original`, as one step. No corners are aligned. `source` is 4 at least.
std::vector<AxisTaps> compose_resizes(int source, int padded, int resized, int original);

/// Masks of a network, as probabilities on a coarse grid, seen at the size of the original picture
/// without ever being stored at that size. Interpolation never leaves the range of the values it
/// starts from; so whole tiles are decided by the least and the greatest value beneath them.
class ScaledMasks {
 public:
  /// probabilities: [rows, grid.height, grid.width], which must stay alive; grids of less than 4x4
  /// are extended.
  ScaledMasks(std::span<const float> probabilities, int rows, Size grid, const Geometry& geometry);

  int rows() const { return rows_; }
  Size size() const { return geometry_.original; }

  /// One mask at full size, [height, width].
  std::vector<float> dense(int row) const;
  /// Where one mask exceeds `threshold`, as a run-length mask.
  Rle above(int row, float threshold) const;

  /// The share of the smaller one that two masks have in common where they exceed `threshold`, on
  /// the coarse grid.
  double coarse_overlap(int row, int other, float threshold) const;

  static constexpr int kTile = 32;
  int tile_columns() const { return tile_columns_; }
  int tile_count() const { return tile_columns_ * tile_rows_; }

  struct Tile {
    int x = 0, y = 0, width = 0, height = 0;
  };
  Tile tile(int index) const;
  /// The least and greatest value that a mask can have in a tile.
  struct Range {
    float low = 0, high = 0;
  };
  Range range(int row, const Tile& tile) const;
  /// A mask's values in a tile, rows of kTile values.
  void interpolate(int row, const Tile& tile, float* values) const;

 private:
  const float* plane(int row) const {
    return values_.data() + static_cast<std::size_t>(row) * grid_.width * grid_.height;
  }

  std::vector<float> extended_;  ///< of small grids
  std::span<const float> values_;
  int rows_;
  Size grid_;
  Geometry geometry_;
  std::vector<AxisTaps> horizontal_, vertical_;
  int tile_columns_, tile_rows_;
};

}  // namespace tessera
