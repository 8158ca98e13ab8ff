#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tessera/image/image.h"

/// COCO's run-length masks: runs down the columns, alternating background and foreground,
/// background first.
namespace tessera {

struct Rle {
  Size size;
  std::vector<std::uint32_t> counts;
  friend bool operator==(const Rle&, const Rle&) = default;
};

/// An axis-aligned box: left, top, width, height.
struct Box {
  double x = 0, y = 0, width = 0, height = 0;
  friend bool operator==(const Box&, const Box&) = default;
};

/// Non-zero pixels are foreground.
Rle rle_encode(const Pixels<std::uint8_t>& mask);
/// The pixels of `ids` that equal `id`.
Rle rle_encode(const IdMap& ids, std::uint32_t id);
Pixels<std::uint8_t> rle_decode(const Rle& rle);
/// Sets the foreground's pixels of `ids`, a picture of the mask's size, to `id`.
void rle_paint(const Rle& rle, std::uint32_t id, IdMap& ids);

/// COCO's compressed string form. Reading checks that the counts sum to the picture; Error
/// otherwise.
std::string rle_to_string(const Rle& rle);
Rle rle_from_string(std::string_view text, Size size);
/// Checks an uncompressed counts list in the same way.
Rle rle_from_counts(std::vector<std::uint32_t> counts, Size size);

std::uint64_t rle_area(const Rle& rle);
/// The tight box as COCO computes it (a run that crosses columns makes the box full height); empty
/// gives zeros.
Box rle_box(const Rle& rle);
Rle rle_union(std::span<const Rle> masks);
Rle rle_intersection(std::span<const Rle> masks);
std::uint64_t rle_intersection_area(const Rle& a, const Rle& b);
/// Intersection over union; with `crowd` (b is a crowd ground truth) over the area of a.
double rle_iou(const Rle& a, const Rle& b, bool crowd = false);

/// One polygon [x0, y0, x1, y1, ...] exactly as COCO rasterises it.
Rle rle_from_polygon(std::span<const double> xy, Size size);
/// The union of an object's polygons.
Rle rle_from_polygons(std::span<const std::vector<double>> polygons, Size size);
/// COCO's mask of a box.
Rle rle_from_box(const Box& box, Size size);

}  // namespace tessera
