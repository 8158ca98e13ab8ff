#include "tessera/metrics/frame_view.h"

#include <map>
#include <utility>

namespace tessera {

PanopticMap describe_ids(IdMap ids, const std::function<Segment(std::uint32_t id)>& describe) {
  std::map<std::uint32_t, std::int64_t> areas;
  for (const std::uint32_t id : ids.values()) ++areas[id];
  PanopticMap map;
  for (const auto& [id, area] : areas) {
    if (id == 0) continue;
    map.segments.push_back(describe(id));
    map.segments.back().id = id;
    map.segments.back().area = area;
  }
  map.ids = std::move(ids);
  return map;
}

}  // namespace tessera
