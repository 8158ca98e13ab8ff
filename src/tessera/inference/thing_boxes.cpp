#include "tessera/inference/thing_boxes.h"

#include <torch/torch.h>

#include <algorithm>
#include <limits>

namespace tessera {
namespace {

/// The extent of pixels that were added.
struct Extent {
  int left = std::numeric_limits<int>::max(), top = std::numeric_limits<int>::max();
  int right = -1, bottom = -1;

  void add(int x, int y) {
    left = std::min(left, x);
    top = std::min(top, y);
    right = std::max(right, x);
    bottom = std::max(bottom, y);
  }
  TrackBox box() const {
    if (right < 0) return {-1, -1, 10, 10};
    return {static_cast<float>(left), static_cast<float>(top), static_cast<float>(right),
            static_cast<float>(bottom)};
  }
};

/// Where the class of largest logit is a thing, in one tile.
void find_things(const ScaledMasks& logits, int thing_classes, const ScaledMasks::Tile& tile,
                 bool* is_thing) {
  constexpr int kTile = ScaledMasks::kTile;
  float values[kTile * kTile], best[kTile * kTile];
  std::fill_n(best, kTile * kTile, -std::numeric_limits<float>::infinity());
  for (int row = 0; row < logits.rows(); ++row) {
    logits.interpolate(row, tile, values);
    for (int i = 0; i < tile.height * kTile; ++i) {
      is_thing[i] = values[i] > best[i] ? row < thing_classes : is_thing[i];
      best[i] = std::max(values[i], best[i]);
    }
  }
}

}  // namespace

std::vector<TrackBox> thing_boxes(const MergedMap& map, const torch::Tensor& pixel_classes,
                                  int thing_classes, const Geometry& geometry,
                                  PixelClassGeometry how) {
  const Geometry stretched = {geometry.original, geometry.original, geometry.original};
  const ScaledMasks logits(
      {pixel_classes.data_ptr<float>(), static_cast<std::size_t>(pixel_classes.numel())},
      static_cast<int>(pixel_classes.size(0)),
      {static_cast<int>(pixel_classes.size(2)), static_cast<int>(pixel_classes.size(1))},
      how == PixelClassGeometry::kOfficial ? stretched : geometry);
  std::vector<Extent> extents(map.segments.size());
  const auto thing_at = [&](int x, int y) {
    const std::int32_t k = map.segment.at(x, y);
    return k >= 0 && map.segments[static_cast<std::size_t>(k)].claim.thing;
  };
  constexpr int kTile = ScaledMasks::kTile;
  bool is_thing[kTile * kTile] = {};
  for (int t = 0; t < logits.tile_count(); ++t) {
    const auto tile = logits.tile(t);
    bool known = false;
    for (int y = 0; y < tile.height; ++y) {
      for (int x = 0; x < tile.width; ++x) {
        if (!thing_at(tile.x + x, tile.y + y)) continue;
        if (!known) find_things(logits, thing_classes, tile, is_thing);
        known = true;
        if (is_thing[y * kTile + x])
          extents[static_cast<std::size_t>(map.segment.at(tile.x + x, tile.y + y))].add(tile.x + x,
                                                                                        tile.y + y);
      }
    }
  }
  std::vector<TrackBox> boxes(map.segments.size());
  for (std::size_t k = 0; k < boxes.size(); ++k)
    if (map.segments[k].claim.thing) boxes[k] = extents[k].box();
  return boxes;
}

}  // namespace tessera
