#include "tessera/data/loader/clip_source.h"

#include <utility>

namespace tessera {
ClipSource::~ClipSource() = default;

DatasetClips::DatasetClips(const Dataset& dataset, Pipeline pipeline,
                           std::optional<ReferenceWindow> references)
    : dataset_(dataset), pipeline_(std::move(pipeline)), references_(references) {
  for (const ClassInfo& info : dataset.classes()) things_.push_back(info.is_thing);
}

std::string DatasetClips::name(std::size_t index) const {
  return dataset_.frames().at(index).key.name;
}

std::optional<Clip> DatasetClips::load(std::size_t index, const Random& random,
                                       StageTimes& times) const {
  std::vector<std::size_t> indices = {index};
  if (references_) {
    Random stream = random.fork("reference");
    const auto reference = choose_reference(dataset_, index, *references_, stream);
    if (!reference) return std::nullopt;
    indices.push_back(*reference);
  }
  Clip clip;
  for (const std::size_t i : indices) {
    Sample sample;
    {
      const StageTimer timer(times, "decode");
      sample = dataset_.load(i);
    }
    const StageTimer timer(times, "objects");
    clip.push_back(to_frame(std::move(sample), things_, pipeline_.crowds));
  }
  if (!apply_pipeline(pipeline_, clip, random, times)) return std::nullopt;
  return clip;
}

}  // namespace tessera
