#include "tessera/data/datasets/youtube_vis.h"

#include <algorithm>
#include <unordered_map>

#include "tessera/core/error.h"
#include "tessera/data/coco_json.h"
#include "tessera/data/datasets/youtube_vis_classes.h"
#include "tessera/data/file_dataset.h"
#include "tessera/data/label_coding.h"

namespace tessera {
namespace {

namespace fs = std::filesystem;

constexpr int kSmallestTrainingSide = 32;

std::string split_folder(const std::string& split) { return split == "val" ? "valid" : split; }

/// The first that is there of: the given file, the converted ones, the official ones.
fs::path annotation_file(const DatasetSpec& spec, FolderCache& folders) {
  if (!spec.annotations.empty()) return spec.root / spec.annotations;
  const std::string split = split_folder(spec.split);
  const fs::path candidates[] = {
      spec.root / "annotations" / ("youtube_vis_2019_" + split + ".json"),
      spec.root / "annotations" / ("youtube_vis_2021_" + split + ".json"),
      spec.root / "annotations" / (split + ".json"), spec.root / split / "instances.json"};
  for (const fs::path& candidate : candidates)
    if (folders.has_file(candidate)) return candidate;
  fail(
      "{}: found none of annotations/youtube_vis_<year>_{}.json, annotations/{}.json and "
      "{}/instances.json",
      spec.root.string(), split, split, split);
}

class YoutubeVis : public FileDataset {
 public:
  YoutubeVis(const DatasetSpec& spec, ProblemList& problems)
      : file_(annotation_file(spec, folders_)),
        pictures_(place_below(spec.root, spec.images,
                              fs::path(split_folder(spec.split)) / "JPEGImages")) {
    classes_ = read_categories(file_, youtube_vis_2019_classes());
    index_of_class_ = index_by_id(classes_);
    is_converted_ = file_.has("images");
    require_split(folders_, pictures_);
    if (is_converted_)
      read_converted_frames(problems);
    else
      read_videos(problems);
    objects_.resize(frames_.size());
    if (!spec.without_labels) index_objects(problems);
    has_labels_ = std::any_of(objects_.begin(), objects_.end(),
                              [](const auto& objects) { return !objects.empty(); });
    for (std::size_t i = 0; i < frames_.size(); ++i)
      frames_[i].trainable = !objects_[i].empty() &&
                             std::min(sizes_[i].width, sizes_[i].height) >= kSmallestTrainingSide;
  }

  bool has_objects(std::size_t index) const override { return !objects_[index].empty(); }

 private:
  void add_picture(int frame, const std::string& file_name, Size size, ProblemList& problems) {
    const fs::path path = pictures_ / file_name;
    if (!folders_.has_file(path)) problems.add(ProblemKind::kMissingFile, path.string());
    const fs::path name(file_name);
    add_frame(name.parent_path().string(), frame, fs::path(name).replace_extension().string(),
              path);
    frames_.back().size = size;
    sizes_.push_back(size);
  }

  void read_videos(ProblemList& problems) {
    file_.for_each("videos", [&](const JsonValue& video, std::string_view) {
      const Size size{static_cast<int>(video.integer("width")),
                      static_cast<int>(video.integer("height"))};
      first_frame_[video.integer("id")] = frames_.size();
      int frame = 0;
      for (const JsonValue& name : video.at("file_names").as_list("file_names"))
        add_picture(frame++, name.as_text("file_names"), size, problems);
      frame_count_[video.integer("id")] = static_cast<std::size_t>(frame);
    });
  }

  void read_converted_frames(ProblemList& problems) {
    file_.for_each("images", [&](const JsonValue& image, std::string_view) {
      first_frame_[image.integer("id")] = frames_.size();
      add_picture(
          static_cast<int>(image.integer("frame_id")), image.text("file_name"),
          {static_cast<int>(image.integer("width")), static_cast<int>(image.integer("height"))},
          problems);
    });
  }

  /// Notes which annotations each frame has. Official ones are lists over a video's frames,
  /// converted ones belong to one picture.
  void index_objects(ProblemList& problems) {
    const char* owner_key = is_converted_ ? "image_id" : "video_id";
    file_.for_each("annotations", [&](const JsonValue& annotation, std::string_view text) {
      const std::int64_t owner = annotation.integer(owner_key);
      const auto first = first_frame_.find(owner);
      if (first == first_frame_.end()) {
        problems.add(ProblemKind::kMissingPicture,
                     fmt::format("{} {} of annotation {} in {}", owner_key, owner,
                                 annotation.integer("id"), file_.path().string()));
      } else if (!index_of_class_.contains(annotation.integer("category_id"))) {
        problems.add(
            ProblemKind::kUnknownClass,
            fmt::format("category_id {} of annotation {} in {}", annotation.integer("category_id"),
                        annotation.integer("id"), file_.path().string()));
      } else if (is_converted_) {
        objects_[first->second].push_back({text, 0});
      } else {
        index_track(annotation, text, first->second, frame_count_.at(owner));
      }
    });
  }

  void index_track(const JsonValue& annotation, std::string_view text, std::size_t first,
                   std::size_t frames) {
    const auto boxes = annotation.at("bboxes").as_list("bboxes");
    if (boxes.size() != frames)
      fail("bboxes has {} entries, its video {} frames", boxes.size(), frames);
    for (std::size_t i = 0; i < frames; ++i)
      if (!boxes[i].is_null()) objects_[first + i].push_back({text, i});
  }

  struct Object {
    std::string_view text;
    std::size_t position;  ///< in the lists of an official annotation
  };

  Instance read_object(const Object& object, Size size) const {
    JsonParser parser;
    const JsonValue annotation = parser.parse(object.text);
    Instance instance;
    instance.category = index_of_class_.at(annotation.integer("category_id"));
    instance.crowd = annotation.flag("iscrowd");
    if (is_converted_) {
      instance.track_id = annotation.integer("instance_id");
      instance.box = read_box(annotation, "bbox");
      instance.area = annotation.number("area");
      instance.mask = read_segmentation(annotation.at("segmentation"), size);
      return instance;
    }
    const auto element = [&](const char* key) {
      const auto list = annotation.at(key).as_list(key);
      if (object.position >= list.size()) fail("{} has {} entries only", key, list.size());
      return list[object.position];
    };
    const std::vector<double> box = element("bboxes").as_numbers("bboxes");
    if (box.size() != 4) fail("bboxes: expected 4 numbers a frame");
    instance.track_id = annotation.integer("id");
    instance.box = {box[0], box[1], box[2], box[3]};
    instance.area = element("areas").as_number("areas");
    instance.mask = read_segmentation(element("segmentations"), size);
    return instance;
  }

  void read_labels(std::size_t index, Size picture_size, Sample& sample) const override {
    check_same_size(picture_size, sizes_[index], file_.path().string());
    for (const Object& object : objects_[index]) {
      file_.read_at(object.text, [&] {
        Instance instance = read_object(object, picture_size);
        if (is_usable_box(instance.box, instance.area, picture_size))
          sample.instances.push_back(std::move(instance));
      });
    }
  }

  FolderCache folders_;
  JsonFile file_;
  fs::path pictures_;
  bool is_converted_ = false;
  std::vector<Size> sizes_;
  std::vector<std::vector<Object>> objects_;  // of each frame
  std::unordered_map<std::int64_t, int> index_of_class_;
  std::unordered_map<std::int64_t, std::size_t> first_frame_;  // of a video, or of a picture's id
  std::unordered_map<std::int64_t, std::size_t> frame_count_;  // of a video
};

}  // namespace

std::unique_ptr<Dataset> open_youtube_vis(const DatasetSpec& spec, ProblemList& problems) {
  return std::make_unique<YoutubeVis>(spec, problems);
}

}  // namespace tessera
