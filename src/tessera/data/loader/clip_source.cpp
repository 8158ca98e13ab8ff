#include "tessera/data/loader/clip_source.h"

#include <utility>

#include "tessera/core/progress.h"
#include "tessera/core/thread_pool.h"
#include "tessera/image/image_io.h"

namespace tessera {
ClipSource::~ClipSource() = default;

DatasetClips::DatasetClips(const Dataset& dataset, Pipeline pipeline,
                           std::optional<ReferenceWindow> references,
                           std::optional<ClipWindow> window)
    : dataset_(dataset), pipeline_(std::move(pipeline)), references_(references), window_(window) {
  for (const ClassInfo& info : dataset.classes())
    things_.push_back(info.is_thing || pipeline_.stuff_as_objects);
  for (std::size_t i = 0; i < dataset.size(); ++i)
    if (dataset.frames()[i].trainable) keys_.push_back(i);
  if (window_ && window_->leave_out_empty) leave_out_empty_frames();
}

void DatasetClips::leave_out_empty_frames() {
  std::vector<char> found(dataset_.size());  // threads cannot share the words of a vector<bool>
  Progress progress("looking for objects", dataset_.size(), "frames");
  parallel_for(dataset_.size(), resolve_threads(0), [&](std::size_t i, int) {
    found[i] = dataset_.frames()[i].trainable && dataset_.has_objects(i);
    progress.advance();
  });
  videos_ =
      videos_of_objects(dataset_.sequences(), {found.begin(), found.end()}, window_->cut_at_empty);
  keys_.clear();
  for (std::size_t video = 0; video < videos_.size(); ++video)
    for (std::size_t position = 0; position < videos_[video].size(); ++position) {
      keys_.push_back(videos_[video][position]);
      places_.push_back({video, position});
    }
}

std::string DatasetClips::name(std::size_t index) const {
  return dataset_.frames().at(keys_.at(index)).key.name;
}

Size DatasetClips::picture_size(std::size_t index) const {
  const FrameInfo& frame = dataset_.frames().at(keys_.at(index));
  return frame.size == Size{} ? read_picture_info(frame.image_path).size : frame.size;
}

std::optional<Indices> DatasetClips::frames_of(std::size_t index, const Random& random) const {
  const std::size_t key = keys_.at(index);
  if (!places_.empty())
    return choose_clip(videos_[places_[index].video], places_[index].position, *window_);
  if (window_) return choose_clip(dataset_, key, *window_);
  if (!references_) return Indices{key};
  Random stream = random.fork("reference");
  const auto reference = choose_reference(dataset_, key, *references_, stream);
  return reference ? std::optional<Indices>({key, *reference}) : std::nullopt;
}

std::optional<Clip> DatasetClips::load(std::size_t index, const Random& random,
                                       StageTimes& times) const {
  const auto indices = frames_of(index, random);
  if (!indices) return std::nullopt;
  Clip clip;
  for (const std::size_t i : *indices) {
    Sample sample;
    {
      const StageTimer timer(times, "decode");
      sample = dataset_.load(i);
    }
    const StageTimer timer(times, "objects");
    clip.push_back(
        to_frame(std::move(sample), things_, pipeline_.crowds, pipeline_.inclusive_boxes));
  }
  if (!apply_pipeline(pipeline_, clip, random, times)) return std::nullopt;
  return clip;
}

}  // namespace tessera
