#include "tessera/data/datasets/coco.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <unordered_map>

#include "tessera/core/error.h"
#include "tessera/data/coco_json.h"
#include "tessera/data/datasets/coco_classes.h"
#include "tessera/data/file_dataset.h"
#include "tessera/data/label_coding.h"
#include "tessera/image/image_io.h"

namespace tessera {
namespace {

namespace fs = std::filesystem;

constexpr int kSmallestTrainingSide = 32;

/// "val" -> "val2017"; names with a year stay.
std::string with_year(const std::string& split) {
  const bool has_year = !split.empty() && split.back() >= '0' && split.back() <= '9';
  return has_year ? split : split + "2017";
}

fs::path annotation_file(const DatasetSpec& spec, std::string_view kind) {
  const std::string name = spec.split.starts_with("test") ? "image_info" : std::string(kind);
  return place_below(spec.root, spec.annotations,
                     fs::path("annotations") / (name + "_" + with_year(spec.split) + ".json"));
}

/// The pictures that a file lists, less those that are missing.
class CocoPictures : public FileDataset {
 protected:
  CocoPictures(const DatasetSpec& spec, std::string_view kind)
      : file_(annotation_file(spec, kind)),
        pictures_folder_(place_below(spec.root, spec.images,
                                     spec.split.starts_with("test")
                                         ? fs::path("test2017")
                                         : fs::path(with_year(spec.split)))) {
    has_labels_ = !spec.without_labels && file_.has("annotations");
    classes_ = read_categories(file_, coco_classes());
    index_of_class_ = index_by_id(classes_);
    file_.for_each("images", [&](const JsonValue& image, std::string_view) {
      const Size size{static_cast<int>(image.integer("width")),
                      static_cast<int>(image.integer("height"))};
      index_of_image_[image.integer("id")] = listed_.size();
      listed_.push_back({image.text("file_name"), size});
    });
  }

  struct Listed {
    std::string file_name;
    Size size;
    bool has_object = false;
    bool is_broken = false;
  };

  bool is_large_enough(const Listed& picture) const {
    return std::min(picture.size.width, picture.size.height) >= kSmallestTrainingSide;
  }

  /// Makes frames of the pictures whose files are there; returns each frame's position in the list.
  std::vector<std::size_t> keep_whole(ProblemList& problems) {
    FolderCache folders;
    std::vector<std::size_t> kept;
    for (std::size_t i = 0; i < listed_.size(); ++i) {
      const Listed& picture = listed_[i];
      if (picture.is_broken) continue;
      const fs::path path = pictures_folder_ / picture.file_name;
      if (!folders.has_file(path)) {
        problems.add(ProblemKind::kMissingFile, path.string());
        continue;
      }
      add_frame("", 0, fs::path(picture.file_name).stem().string(), path);
      frames_.back().size = picture.size;
      frames_.back().trainable = picture.has_object && is_large_enough(picture);
      kept.push_back(i);
    }
    return kept;
  }

  JsonFile file_;
  fs::path pictures_folder_;
  std::vector<Listed> listed_;
  std::unordered_map<std::int64_t, std::size_t> index_of_image_;
  std::unordered_map<std::int64_t, int> index_of_class_;
};

class CocoInstances : public CocoPictures {
 public:
  CocoInstances(const DatasetSpec& spec, ProblemList& problems) : CocoPictures(spec, "instances") {
    if (has_labels_) index_annotations(problems);
    const std::vector<std::size_t> kept = keep_whole(problems);
    std::vector<std::size_t> frame_of(listed_.size(), frames_.size());
    for (std::size_t frame = 0; frame < kept.size(); ++frame) frame_of[kept[frame]] = frame;
    objects_.resize(frames_.size());
    for (const auto& [picture, text] : annotations_)
      if (frame_of[picture] < frames_.size()) objects_[frame_of[picture]].push_back(text);
    annotations_ = {};
    sizes_.reserve(kept.size());
    for (const std::size_t picture : kept) sizes_.push_back(listed_[picture].size);
  }

 private:
  void index_annotations(ProblemList& problems) {
    file_.for_each("annotations", [&](const JsonValue& annotation, std::string_view text) {
      const std::int64_t image = annotation.integer("image_id");
      const std::int64_t category = annotation.integer("category_id");
      const auto picture = index_of_image_.find(image);
      if (picture == index_of_image_.end())
        problems.add(ProblemKind::kMissingPicture,
                     fmt::format("image_id {} of {}", image, file_.path().string()));
      else if (!index_of_class_.contains(category))
        problems.add(ProblemKind::kUnknownClass,
                     fmt::format("category_id {} in annotation {} of {}", category,
                                 annotation.integer("id"), file_.path().string()));
      else {
        listed_[picture->second].has_object = true;
        annotations_.emplace_back(picture->second, text);
      }
    });
  }

  void read_labels(std::size_t index, Size picture_size, Sample& sample) const override {
    check_same_size(picture_size, sizes_[index], file_.path().string());
    JsonParser parser;
    for (const std::string_view text : objects_[index]) {
      const JsonValue annotation = parser.parse(text);
      Instance instance;
      instance.box = read_box(annotation, "bbox");
      instance.area = annotation.number("area");
      if (annotation.flag("ignore") || !is_usable_box(instance.box, instance.area, picture_size))
        continue;
      instance.category = index_of_class_.at(annotation.integer("category_id"));
      instance.crowd = annotation.flag("iscrowd");
      file_.read_at(text, [&] {
        instance.mask = read_segmentation(annotation.at("segmentation"), picture_size);
      });
      sample.instances.push_back(std::move(instance));
    }
  }

  std::vector<std::pair<std::size_t, std::string_view>> annotations_;  // picture, text
  std::vector<std::vector<std::string_view>> objects_;                 // of each frame
  std::vector<Size> sizes_;
};

class CocoPanoptic : public CocoPictures {
 public:
  CocoPanoptic(const DatasetSpec& spec, ProblemList& problems) : CocoPictures(spec, "panoptic") {
    std::vector<Annotated> annotated(listed_.size());
    if (has_labels_) {
      find_maps_folder(spec);
      index_annotations(annotated, problems);
    }
    for (const std::size_t picture : keep_whole(problems)) annotated_.push_back(annotated[picture]);
  }

 private:
  struct Annotated {
    fs::path map;
    std::string_view text;
  };

  /// The PNGs lie beside their JSON file (the release) or in the root (Video K-Net).
  void find_maps_folder(const DatasetSpec& spec) {
    maps_folder_ = file_.path();
    maps_folder_.replace_extension();
    if (!folders_.has_folder(maps_folder_)) maps_folder_ = spec.root / maps_folder_.filename();
    require_split(folders_, maps_folder_);
  }

  void index_annotations(std::vector<Annotated>& annotated, ProblemList& problems) {
    file_.for_each("annotations", [&](const JsonValue& annotation, std::string_view text) {
      const auto picture = index_of_image_.find(annotation.integer("image_id"));
      if (picture == index_of_image_.end()) {
        problems.add(ProblemKind::kMissingPicture,
                     fmt::format("image_id {} of {}", annotation.integer("image_id"),
                                 file_.path().string()));
        return;
      }
      const fs::path map = maps_folder_ / annotation.text("file_name");
      annotated[picture->second] = {map, text};
      listed_[picture->second].has_object = has_thing(annotation);
      if (folders_.has_file(map)) return;
      listed_[picture->second].is_broken = true;
      problems.add(ProblemKind::kMissingFile, map.string());
    });
    for (std::size_t i = 0; i < listed_.size(); ++i) {
      if (!annotated[i].text.empty()) continue;
      listed_[i].is_broken = true;
      problems.add(ProblemKind::kMissingLabels, listed_[i].file_name);
    }
  }

  bool has_thing(const JsonValue& annotation) const {
    for (const JsonValue& segment : annotation.at("segments_info").as_list("segments_info")) {
      const auto index = index_of_class_.find(segment.integer("category_id"));
      if (index != index_of_class_.end() && classes_[index->second].is_thing) return true;
    }
    return false;
  }

  struct ListedSegment {
    std::uint32_t id = 0;
    Box box;
    std::optional<LabelMeaning> meaning;  ///< nothing for segments that the references drop
  };

  /// The segments of a picture in the order of the file, which the references keep.
  std::vector<ListedSegment> read_segments(std::string_view text, Size size) const {
    JsonParser parser;
    const JsonValue annotation = parser.parse(text);
    std::vector<ListedSegment> segments;
    for (const JsonValue& segment : annotation.at("segments_info").as_list("segments_info")) {
      const std::int64_t id = segment.integer("id");
      const auto index = index_of_class_.find(segment.integer("category_id"));
      if (index == index_of_class_.end())
        fail_as(ProblemKind::kUnknownClass, "{}: line {}: category_id {} is not in 'categories'",
                file_.path().string(), file_.line_of(text), segment.integer("category_id"));
      ListedSegment listed = {static_cast<std::uint32_t>(id), read_box(segment, "bbox"), {}};
      if (is_usable_box(listed.box, segment.number("area"), size))
        listed.meaning = LabelMeaning{index->second, -1, segment.flag("iscrowd"), false, id};
      segments.push_back(std::move(listed));
    }
    return segments;
  }

  void read_labels(std::size_t index, Size picture_size, Sample& sample) const override {
    const auto& [map, text] = annotated_[index];
    const IdMap ids = read_id_png(map);
    check_same_size(picture_size, ids.size(), map.string());
    const auto listed = read_segments(text, picture_size);
    std::set<std::uint32_t> drawn;  // of the file's ids
    sample.panoptic = decode_labels(ids, [&](std::uint32_t id) -> std::optional<LabelMeaning> {
      if (id == 0) return std::nullopt;
      const auto segment = std::find_if(listed.begin(), listed.end(),
                                        [id](const auto& known) { return known.id == id; });
      if (segment == listed.end())
        fail("{}: segment {} is not in segments_info (line {} of {})", map.string(), id,
             file_.line_of(text), file_.path().string());
      if (segment->meaning) drawn.insert(id);
      return segment->meaning;
    });
    keep_file_order(listed, drawn, sample.panoptic->segments);
  }

  /// decode_labels numbers the drawn segments by their ids in the file.
  static void keep_file_order(const std::vector<ListedSegment>& listed,
                              const std::set<std::uint32_t>& drawn,
                              std::vector<Segment>& segments) {
    std::vector<Segment> ordered;
    for (const ListedSegment& segment : listed) {
      const auto found = drawn.find(segment.id);
      if (found == drawn.end()) continue;
      ordered.push_back(segments[static_cast<std::size_t>(std::distance(drawn.begin(), found))]);
      ordered.back().box = segment.box;
    }
    segments = std::move(ordered);
  }

  FolderCache folders_;
  fs::path maps_folder_;
  std::vector<Annotated> annotated_;
};

}  // namespace

std::unique_ptr<Dataset> open_coco_instances(const DatasetSpec& spec, ProblemList& problems) {
  return std::make_unique<CocoInstances>(spec, problems);
}

std::unique_ptr<Dataset> open_coco_panoptic(const DatasetSpec& spec, ProblemList& problems) {
  return std::make_unique<CocoPanoptic>(spec, problems);
}

}  // namespace tessera
