#pragma once

#include <cstdint>
#include <vector>

#include "tessera/image/image.h"

/// The boundary measure F of DAVIS: how well two outlines agree within a small distance.
namespace tessera {

/// One object in one frame: where it is, its outline, and what lies within reach of the outline.
struct MaskOutline {
  std::int64_t area = 0;
  std::vector<std::int32_t> boundary;  ///< pixel numbers, row by row
  std::vector<std::uint8_t>
      near;  ///< 1 where a boundary pixel is within the radius; empty when there is no boundary
};

/// The distance that counts as agreement, in pixels: 0.008 of the diagonal, rounded up.
int boundary_radius(Size size);

/// The outline of the pixels of `labels` that equal `label`. A pixel is boundary when it differs
/// from its right, lower or lower-right neighbour.
MaskOutline outline_of(const LabelMap& labels, std::uint8_t label, int radius);

/// F of a prediction against an object: harmonic mean of precision and recall of the boundary
/// pixels.
double boundary_f(const MaskOutline& prediction, const MaskOutline& object);

}  // namespace tessera
