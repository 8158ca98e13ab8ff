#include "tessera/data/dataset.h"

#include <algorithm>

namespace tessera {

Dataset::~Dataset() = default;

bool Dataset::has_objects(std::size_t index) const {
  const Sample sample = load_labels(index);
  const auto is_learned = [](const auto& object) { return !object.crowd && !object.ignore; };
  if (!sample.instances.empty()) return std::ranges::any_of(sample.instances, is_learned);
  return sample.panoptic &&
         std::ranges::any_of(sample.panoptic->segments, [&](const Segment& segment) {
           return is_learned(segment) && classes_[segment.category].is_thing;
         });
}

}  // namespace tessera
