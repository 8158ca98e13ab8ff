#include "tessera/tracking/overlap_tracker.h"

#include <algorithm>
#include <tuple>
#include <unordered_set>
#include <vector>

#include "tessera/core/error.h"

namespace tessera {

OverlapTracker::Names OverlapTracker::match(const IdMap& objects, const Labels& labels) {
  if (!last_names_.values().empty() && last_names_.size() != objects.size())
    fail("the frame is {}, the one before it {}", to_string(objects.size()),
         to_string(last_names_.size()));
  std::unordered_map<std::uint64_t, std::int64_t> overlaps;
  std::unordered_map<std::uint32_t, std::int64_t> areas, last_areas;
  for (std::size_t i = 0; i < last_names_.values().size(); ++i) {
    const std::uint32_t object = objects.values()[i], name = last_names_.values()[i];
    ++areas[object];
    ++last_areas[name];
    if (object != 0 && name != 0 && labels.at(object) == last_labels_.at(name))
      ++overlaps[std::uint64_t{object} << 32 | name];
  }
  // Best pairs first; equal ones in order of their numbers, so that the result is always the same.
  std::vector<std::tuple<double, std::uint32_t, std::uint32_t>> pairs;
  for (const auto& [key, overlap] : overlaps) {
    const auto object = static_cast<std::uint32_t>(key >> 32);
    const auto name = static_cast<std::uint32_t>(key);
    pairs.emplace_back(-static_cast<double>(overlap) /
                           static_cast<double>(areas[object] + last_areas[name] - overlap),
                       object, name);
  }
  std::sort(pairs.begin(), pairs.end());
  Names names;
  std::unordered_set<std::uint32_t> taken;
  for (const auto& [cost, object, name] : pairs)
    if (!names.contains(object) && taken.insert(name).second) names[object] = name;

  std::vector<std::uint32_t> order;
  for (const auto& [object, label] : labels) order.push_back(object);
  std::sort(order.begin(), order.end());
  last_labels_.clear();
  for (const std::uint32_t object : order) {
    if (!names.contains(object)) names[object] = next_name_++;
    last_labels_[names[object]] = labels.at(object);
  }
  last_names_ = IdMap(objects.size(), 1);
  std::transform(objects.values().begin(), objects.values().end(), last_names_.values().begin(),
                 [&](std::uint32_t object) { return object == 0 ? 0 : names.at(object); });
  return names;
}

}  // namespace tessera
