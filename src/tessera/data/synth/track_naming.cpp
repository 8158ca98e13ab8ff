#include "tessera/data/synth/track_naming.h"

#include <algorithm>

namespace tessera::synth {

void TrackNaming::name(SynthFrame& frame, std::int64_t smallest_area) {
  std::unordered_map<std::uint32_t, SynthObject> found;
  std::vector<std::uint32_t> order;
  for (int y = 0; y < frame.tracks.height(); ++y) {
    const std::uint32_t* ids = frame.tracks.row(y);
    const std::uint8_t* categories = frame.categories.row(y);
    std::uint32_t last_id = 0;
    SynthObject* last = nullptr;
    for (int x = 0; x < frame.tracks.width(); ++x) {
      if (ids[x] == 0) continue;
      if (ids[x] != last_id) {
        last_id = ids[x];
        const auto [entry, is_new] = found.try_emplace(last_id);
        last = &entry->second;
        if (is_new) {
          order.push_back(last_id);
          *last = {0, categories[x], 0, x, y, x + 1, y + 1};
        }
      }
      ++last->area;
      last->left = std::min(last->left, x);
      last->right = std::max(last->right, x + 1);
      last->bottom = y + 1;
    }
  }
  frame.objects.clear();
  for (const std::uint32_t id : order) {
    SynthObject& object = found[id];
    if (object.area < smallest_area) continue;
    object.track = tracks_.try_emplace(id, tracks_.size() + 1).first->second;
    frame.objects.push_back(object);
  }
  std::uint32_t last_id = 0, track = 0;
  for (std::uint32_t& id : frame.tracks.values()) {
    if (id != last_id) {
      last_id = id;
      track = id == 0 ? 0 : found[id].track;
    }
    id = track;
  }
  std::sort(frame.objects.begin(), frame.objects.end(),
            [](const SynthObject& a, const SynthObject& b) { return a.track < b.track; });
}

}  // namespace tessera::synth
