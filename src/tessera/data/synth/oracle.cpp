#include "tessera/data/synth/oracle.h"

#include <algorithm>
#include <tuple>
#include <unordered_set>
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

Oracle::Names Oracle::name_by_overlap(const SynthFrame& frame) {
  std::unordered_map<std::uint64_t, std::int64_t> overlaps;
  std::unordered_map<std::uint32_t, std::int64_t> areas, last_areas;
  const auto now = frame.tracks.values();
  const auto before = last_prediction_.values();
  for (std::size_t i = 0; i < before.size(); ++i) {
    ++areas[now[i]];
    ++last_areas[before[i]];
    if (now[i] != 0 && before[i] != 0 &&
        frame.categories.values()[i] == last_categories_.values()[i])
      ++overlaps[std::uint64_t{now[i]} << 32 | before[i]];
  }
  // Best pairs first; equal ones in order of their numbers, so that the result is always the same.
  std::vector<std::tuple<double, std::uint32_t, std::uint32_t>> pairs;
  for (const auto& [key, overlap] : overlaps) {
    const auto track = static_cast<std::uint32_t>(key >> 32),
               name = static_cast<std::uint32_t>(key);
    pairs.emplace_back(-static_cast<double>(overlap) / (areas[track] + last_areas[name] - overlap),
                       track, name);
  }
  std::sort(pairs.begin(), pairs.end());
  Names names;
  std::unordered_set<std::uint32_t> taken;
  for (const auto& [cost, track, name] : pairs)
    if (names.count(track) == 0 && taken.insert(name).second) names[track] = name;
  for (const SynthObject& object : frame.objects)
    if (names.count(object.track) == 0) names[object.track] = ++last_name_;
  return names;
}

IdMap Oracle::predict(const SynthFrame& frame) {
  if (frame.frame == 0) *this = Oracle(association_);
  Names names;
  switch (association_) {
    case Association::kOverlap:
      names = name_by_overlap(frame);
      break;
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
  last_prediction_ = prediction;
  last_categories_ = frame.categories;
  return prediction;
}

}  // namespace tessera::synth
