// The common annotation files that STEm-Seg and VIShv train on, from the datasets themselves.
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/core/log.h"
#include "tessera/core/progress.h"
#include "tessera/core/thread_pool.h"
#include "tessera/data/inspect/find_splits.h"
#include "tessera/data/open_dataset.h"
#include "tessera/data/prepare/prepare.h"
#include "tessera/image/image_io.h"

namespace tessera {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

/// How a dataset is called there, and numbers its classes.
struct Naming {
  DatasetFormat format;
  std::string file;  ///< videos have a file a split: "davis" -> davis_train.json
  std::vector<std::string> splits;
  int first_class = 0;    ///< added to the dataset's own class ids
  int ignored_class = 0;  ///< ignored regions are objects of this class, where it isn't 0
};

const std::vector<Naming>& namings() {
  static const std::vector<Naming> kNamings = {
      {DatasetFormat::kCocoInstances, "coco", {"train"}},
      {DatasetFormat::kPascalVoc, "pascal_voc", {"train", "val"}},
      {DatasetFormat::kMapillary, "mapillary", {"train", "val"}, 1},
      {DatasetFormat::kYoutubeVis, "youtube_vis", {"train", "val"}},
      {DatasetFormat::kDavis, "davis", {"train", "val"}},
      {DatasetFormat::kKittiMots, "kittimots", {"train", "val"}, 0, 3},
  };
  return kNamings;
}

struct Object {
  std::int64_t id = 0;
  int category = 0;
  Rle mask;
};

struct FrameObjects {
  Size size;
  std::vector<Object> objects;
  std::vector<Rle> ignored;
};

FrameObjects read_objects(const Dataset& dataset, std::size_t index, const Naming& naming) {
  FrameObjects frame;
  frame.size = read_picture_info(dataset.frames()[index].image_path).size;
  const Sample sample = dataset.load_labels(index);
  const auto add = [&](std::int64_t id, int category, bool crowd, bool ignore, Rle mask) {
    if (ignore && naming.ignored_class > 0)
      frame.objects.push_back({id, naming.ignored_class, std::move(mask)});
    else if (ignore)
      frame.ignored.push_back(std::move(mask));
    else if (!crowd && dataset.classes()[static_cast<std::size_t>(category)].is_thing)
      frame.objects.push_back(
          {id, dataset.classes()[static_cast<std::size_t>(category)].id + naming.first_class,
           std::move(mask)});
  };
  for (const Instance& instance : sample.instances)
    add(instance.track_id, instance.category, instance.crowd, instance.ignore, instance.mask);
  if (!sample.panoptic) return frame;
  constexpr std::int64_t kIgnoredTrack = 10000;
  for (const Segment& segment : sample.panoptic->segments)
    add(segment.ignore ? kIgnoredTrack : segment.track_id, segment.category, segment.crowd,
        segment.ignore, rle_encode(sample.panoptic->ids, segment.id));
  return frame;
}

ordered_json describe_classes(const Dataset& dataset, const Naming& naming) {
  ordered_json labels = ordered_json::object();
  for (const ClassInfo& info : dataset.classes())
    if (info.is_thing) labels[std::to_string(info.id + naming.first_class)] = info.name;
  if (naming.ignored_class > 0) labels[std::to_string(naming.ignored_class)] = "ignore";
  return {{"category_labels", labels}};
}

ordered_json describe_picture(const Dataset& dataset, std::size_t index, const Naming& naming) {
  const FrameObjects frame = read_objects(dataset, index, naming);
  ordered_json categories = ordered_json::array(), masks = ordered_json::array();
  for (const Object& object : frame.objects) {
    categories.push_back(object.category);
    masks.push_back(rle_to_string(object.mask));
  }
  ordered_json picture = {{"image_path", dataset.frames()[index].image_path.filename().string()},
                          {"height", frame.size.height},
                          {"width", frame.size.width},
                          {"categories", categories},
                          {"segmentations", masks}};
  if (!frame.ignored.empty()) picture["ignore"] = rle_to_string(rle_union(frame.ignored));
  return picture;
}

ordered_json describe_sequence(const Dataset& dataset, const SequenceInfo& sequence,
                               const Naming& naming) {
  ordered_json paths = ordered_json::array(), masks = ordered_json::array();
  std::map<std::int64_t, int> categories;
  Size size;
  for (std::size_t i = sequence.first; i < sequence.first + sequence.count; ++i) {
    const fs::path& picture = dataset.frames()[i].image_path;
    const FrameObjects frame = read_objects(dataset, i, naming);
    if (i > sequence.first && frame.size != size)
      fail("{}: is {}, the frames before it {}; these files have one size a sequence",
           picture.string(), to_string(frame.size), to_string(size));
    size = frame.size;
    paths.push_back((picture.parent_path().filename() / picture.filename()).string());
    ordered_json of_frame = ordered_json::object();
    for (const Object& object : frame.objects) {
      categories[object.id] = object.category;
      of_frame[std::to_string(object.id)] = rle_to_string(object.mask);
    }
    masks.push_back(std::move(of_frame));
  }
  ordered_json classes = ordered_json::object();
  for (const auto& [id, category] : categories) classes[std::to_string(id)] = category;
  ordered_json entry = {{"id", sequence.name},
                        {"image_paths", paths},
                        {"height", size.height},
                        {"width", size.width}};
  if (!dataset.has_labels()) return entry;  // a split to predict on
  entry["categories"] = classes;
  entry["segmentations"] = masks;
  return entry;
}

/// A file that is written entry by entry: 118 000 pictures of COCO are never in memory at once.
class ListFile {
 public:
  ListFile(const fs::path& path, const ordered_json& meta, const char* list) : file_(path) {
    file_.write(fmt::format("{{\"meta\": {}, \"{}\": [", meta.dump(), list));
  }
  void add(const ordered_json& entry) {
    file_.write((is_empty_ ? "\n" : ",\n") + entry.dump());
    is_empty_ = false;
  }
  void finish() {
    file_.write("\n]}\n");
    file_.commit();
  }

 private:
  AtomicFile file_;
  bool is_empty_ = true;
};

void write_split(const Dataset& dataset, const Naming& naming, int threads, ListFile& file,
                 Progress& progress) {
  constexpr std::size_t kAtOnce = 256;
  const bool is_video = !dataset.sequences().empty();
  const std::size_t count = is_video ? dataset.sequences().size() : dataset.size();
  std::vector<ordered_json> entries;
  for (std::size_t first = 0; first < count; first += kAtOnce) {
    entries.assign(std::min(kAtOnce, count - first), {});
    parallel_for(entries.size(), threads, [&](std::size_t i, int) {
      entries[i] = is_video ? describe_sequence(dataset, dataset.sequences()[first + i], naming)
                            : describe_picture(dataset, first + i, naming);
      progress.advance();
    });
    for (const ordered_json& entry : entries) file.add(entry);
  }
}

/// Writes the splits, whose classes are the same, to one file.
void write_file_of(const std::vector<DatasetSpec>& specs, const Naming& naming,
                   const std::string& name, const PrepareOptions& options) {
  std::vector<std::unique_ptr<Dataset>> datasets;
  std::size_t total = 0;
  for (const DatasetSpec& spec : specs) {
    datasets.push_back(open_dataset(spec));
    const auto& sequences = datasets.back()->sequences();
    total += sequences.empty() ? datasets.back()->size() : sequences.size();
  }
  const bool is_video = !datasets[0]->sequences().empty();
  make_directories(options.destination);
  const fs::path path = options.destination / (name + ".json");
  ListFile file(path, describe_classes(*datasets[0], naming), is_video ? "sequences" : "images");
  Progress progress(name, total, is_video ? "sequences" : "pictures");
  for (const auto& dataset : datasets)
    write_split(*dataset, naming, options.threads, file, progress);
  file.finish();
  spdlog::info("wrote {}", path.string());
}

}  // namespace

void prepare_stem_seg(const PrepareOptions& options) {
  const std::vector<DatasetSpec> found = find_splits(options.source);
  bool any = false;
  for (const Naming& naming : namings()) {
    std::vector<DatasetSpec> specs;
    for (const DatasetSpec& spec : found)
      if (spec.format == naming.format &&
          std::find(naming.splits.begin(), naming.splits.end(), spec.split) != naming.splits.end())
        specs.push_back(spec);
    if (specs.empty()) continue;
    any = true;
    const bool is_video = naming.format == DatasetFormat::kYoutubeVis ||
                          naming.format == DatasetFormat::kDavis ||
                          naming.format == DatasetFormat::kKittiMots;
    if (!is_video) write_file_of(specs, naming, naming.file, options);
    for (const DatasetSpec& spec : specs)
      if (is_video) write_file_of({spec}, naming, naming.file + "_" + spec.split, options);
  }
  if (!any)
    fail(
        "{}: STEm-Seg trains on COCO, PASCAL VOC, Mapillary, YouTube-VIS, DAVIS and KITTI-MOTS; "
        "this is a {} dataset",
        options.source.string(), to_string(found[0].format));
}

}  // namespace tessera
