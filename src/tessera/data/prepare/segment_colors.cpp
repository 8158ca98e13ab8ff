#include "tessera/data/prepare/segment_colors.h"

#include <algorithm>

namespace tessera {

SegmentColors::SegmentColors(const std::vector<ClassInfo>& classes, Random random)
    : taken_{{0, 0, 0}}, random_(random) {
  for (const ClassInfo& info : classes)
    if (!info.is_thing) taken_.insert(info.color);
}

Color SegmentColors::next(const ClassInfo& info) {
  constexpr int kFarthest = 30;
  if (!info.is_thing) return info.color;
  int farthest = 0;  // the class's own colour first
  while (true) {
    Color color = info.color;
    for (std::uint8_t& channel : color)
      channel = static_cast<std::uint8_t>(
          std::clamp<std::int64_t>(channel + random_.uniform_int(-farthest, farthest), 0, 255));
    if (taken_.insert(color).second) return color;
    farthest = kFarthest;
  }
}

std::uint32_t id_of_color(const Color& color) {
  return color[0] + 256U * color[1] + 65536U * color[2];
}

}  // namespace tessera
