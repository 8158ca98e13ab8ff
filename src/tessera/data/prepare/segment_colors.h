#pragma once

#include <array>
#include <cstdint>
#include <set>
#include <vector>

#include "tessera/core/random.h"
#include "tessera/data/dataset.h"

namespace tessera {

/// Colours for the segments of panoptic PNGs by the rules of panopticapi: stuff has the colour of
/// its class, the first object of a class too, further ones a colour near it that nobody has.
class SegmentColors {
 public:
  SegmentColors(const std::vector<ClassInfo>& classes, Random random);

  Color next(const ClassInfo& info);

 private:
  std::set<Color> taken_;
  Random random_;
};

/// The id that a colour stands for in a panoptic PNG.
std::uint32_t id_of_color(const Color& color);

}  // namespace tessera
