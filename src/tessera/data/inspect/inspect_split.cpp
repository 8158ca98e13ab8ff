#include "tessera/data/inspect/inspect_split.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "tessera/core/error.h"
#include "tessera/core/interrupt.h"
#include "tessera/core/progress.h"
#include "tessera/core/thread_pool.h"
#include "tessera/data/open_dataset.h"

namespace tessera {
namespace {

constexpr std::uint8_t kUnlabelled = 255;

/// What one picture adds.
struct PictureCount {
  Size size;
  std::vector<ClassCount> counts;
  std::vector<std::pair<int, std::int64_t>> tracks;  ///< class and identity
  std::int64_t labelled_pixels = 0;
  bool has_map = false;
  std::int64_t crowds = 0, ignored = 0;
};

void count_object(int category, std::int64_t track, PictureCount& picture) {
  if (track >= 0)
    picture.tracks.emplace_back(category, track);
  else
    ++picture.counts[static_cast<std::size_t>(category)].objects;
}

void count_panoptic(const PanopticMap& map, const std::vector<ClassInfo>& classes,
                    PictureCount& picture) {
  picture.has_map = true;
  for (const Segment& segment : map.segments) {
    picture.ignored += segment.ignore;
    picture.crowds += segment.crowd && !segment.ignore;
    if (segment.ignore || segment.category < 0) continue;
    const auto category = static_cast<std::size_t>(segment.category);
    picture.labelled_pixels += segment.area;
    picture.counts[category].pixels += segment.area;
    ++picture.counts[category].segments;
    if (classes[category].is_thing && !segment.crowd)
      count_object(segment.category, segment.track_id, picture);
  }
}

void count_semantic(const LabelMap& map, PictureCount& picture) {
  picture.has_map = true;
  std::vector<std::int64_t> pixels(256, 0);
  for (const std::uint8_t value : map.values()) ++pixels[value];
  for (std::size_t category = 0; category < picture.counts.size(); ++category) {
    picture.counts[category].pixels += pixels[category];
    picture.counts[category].segments += pixels[category] > 0;
  }
  picture.labelled_pixels += static_cast<std::int64_t>(map.values().size()) - pixels[kUnlabelled];
}

/// Objects with masks of their own; where a map has the pixels already, only the objects count.
void count_instances(const std::vector<Instance>& instances, PictureCount& picture) {
  for (const Instance& instance : instances) {
    picture.crowds += instance.crowd;
    picture.ignored += instance.ignore;
    if (instance.ignore) continue;
    ClassCount& count = picture.counts[static_cast<std::size_t>(instance.category)];
    if (!picture.has_map) {
      count.pixels += static_cast<std::int64_t>(rle_area(instance.mask));
      ++count.segments;
    }
    if (!instance.crowd) count_object(instance.category, instance.track_id, picture);
  }
}

PictureCount count_picture(const Sample& sample, const std::vector<ClassInfo>& classes) {
  PictureCount picture;
  picture.size = sample.image.size();
  picture.counts.resize(classes.size());
  if (sample.panoptic) {
    count_panoptic(*sample.panoptic, classes, picture);
  } else {
    if (sample.semantic) count_semantic(*sample.semantic, picture);
    count_instances(sample.instances, picture);
  }
  return picture;
}

/// Sums up the pictures of a split, in any order and from any thread.
class Summary {
 public:
  explicit Summary(SplitInspection& inspection) : inspection_(inspection) {
    inspection_.counts.resize(inspection_.dataset->classes().size());
  }

  void add(std::size_t index, const PictureCount& picture) {
    const std::lock_guard lock(mutex_);
    inspection_.readable.push_back(index);
    ++sizes_[{picture.size.width, picture.size.height}];
    inspection_.crowds += picture.crowds;
    inspection_.ignored += picture.ignored;
    const std::int64_t pixels = std::int64_t{picture.size.width} * picture.size.height;
    if (inspection_.has_labels) inspection_.pixels += pixels;
    if (picture.has_map) inspection_.unlabelled_pixels += pixels - picture.labelled_pixels;
    for (std::size_t i = 0; i < picture.counts.size(); ++i) {
      inspection_.counts[i].pixels += picture.counts[i].pixels;
      inspection_.counts[i].segments += picture.counts[i].segments;
      inspection_.counts[i].objects += picture.counts[i].objects;
    }
    const std::string& sequence = inspection_.dataset->frames()[index].key.sequence;
    for (const auto& [category, track] : picture.tracks)
      tracks_.insert({sequence, category, track});
  }

  void finish() {
    for (const auto& [sequence, category, track] : tracks_)
      ++inspection_.counts[static_cast<std::size_t>(category)].objects;
    for (const auto& [size, count] : sizes_)
      inspection_.sizes.push_back({{size.first, size.second}, count});
    std::stable_sort(inspection_.sizes.begin(), inspection_.sizes.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    std::sort(inspection_.readable.begin(), inspection_.readable.end());
  }

 private:
  std::mutex mutex_;
  SplitInspection& inspection_;
  std::map<std::pair<int, int>, std::size_t> sizes_;
  std::set<std::tuple<std::string, int, std::int64_t>> tracks_;
};

/// Reads a frame and adds it, or says what is wrong with it.
std::optional<DatasetProblem> read_frame(const Dataset& dataset, std::size_t index,
                                         Summary& summary) {
  // Files that aren't there were listed when the dataset was opened.
  if (!std::filesystem::exists(dataset.frames()[index].image_path)) return std::nullopt;
  try {
    summary.add(index, count_picture(dataset.load(index), dataset.classes()));
    return std::nullopt;
  } catch (const Interrupted&) {
    throw;
  } catch (const DatasetError& error) {
    return DatasetProblem{error.kind(), error.what()};
  } catch (const Error& error) {
    return DatasetProblem{ProblemKind::kUnreadable, error.what()};
  }
}

void read_all(SplitInspection& inspection, int threads) {
  const Dataset& dataset = *inspection.dataset;
  Summary summary(inspection);
  std::vector<std::optional<DatasetProblem>> problems(dataset.size());
  Progress progress(fmt::format("{} {}", to_string(inspection.spec.format), inspection.spec.split),
                    dataset.size(), "pictures");
  parallel_for(dataset.size(), threads, [&](std::size_t index, int) {
    problems[index] = read_frame(dataset, index, summary);
    progress.advance();
  });
  summary.finish();
  for (auto& problem : problems)
    if (problem) inspection.problems.add(problem->kind, std::move(problem->item));
}

}  // namespace

SplitInspection inspect_split(const DatasetSpec& spec, int threads) {
  SplitInspection inspection;
  inspection.spec = spec;
  try {
    inspection.dataset = open_dataset(spec, &inspection.problems);
  } catch (const Interrupted&) {
    throw;
  } catch (const Error& error) {
    inspection.problems.add(ProblemKind::kNotOpened, error.what());
    return inspection;
  }
  inspection.has_labels = inspection.dataset->has_labels();
  if (inspection.dataset->size() == 0)
    inspection.problems.add(ProblemKind::kEmpty, inspection.spec.root.string());
  read_all(inspection, threads);
  return inspection;
}

}  // namespace tessera
