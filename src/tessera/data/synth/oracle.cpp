#include "tessera/data/synth/oracle.h"

#include <algorithm>
#include <vector>

namespace tessera::synth {

std::string_view to_string(Association association) {
  switch (association) {
    case Association::kRandom:
      return "random-ids";
    case Association::kOverlap:
      return "iou";
    default:
      return "perfect";
  }
}

IdMap Oracle::predict(const SynthFrame& frame) {
  if (frame.frame == 0) *this = Oracle(association_);
  Names names;
  switch (association_) {
    case Association::kOverlap: {
      OverlapTracker::Labels labels;
      for (const SynthObject& object : frame.objects) labels[object.track] = object.category;
      names = overlap_.match(frame.tracks, labels);
      break;
    }
    case Association::kRandom: {
      Random random = Random(fnv1a(frame.split))
                          .fork(static_cast<std::uint64_t>(frame.sequence))
                          .fork(static_cast<std::uint64_t>(frame.frame));
      // A shuffled list, since no two objects may have the same name.
      std::vector<std::uint32_t> free(std::max<std::size_t>(256, 4 * frame.objects.size()));
      for (std::size_t i = 0; i < free.size(); ++i) free[i] = static_cast<std::uint32_t>(i + 1);
      for (std::size_t i = 0; i < frame.objects.size(); ++i) {
        std::swap(free[i], free[random.uniform_int(static_cast<std::int64_t>(i),
                                                   static_cast<std::int64_t>(free.size()) - 1)]);
        names[frame.objects[i].track] = free[i];
      }
      break;
    }
    case Association::kPerfect:
      return frame.tracks;
  }
  IdMap prediction(frame.tracks.size(), 1);
  for (std::size_t i = 0; i < prediction.values().size(); ++i) {
    const std::uint32_t track = frame.tracks.values()[i];
    if (track != 0) prediction.values()[i] = names[track];
  }
  return prediction;
}

}  // namespace tessera::synth
