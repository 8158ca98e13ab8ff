#include "tessera/data/datasets/cityscapes_vps.h"

#include <set>
#include <unordered_map>

#include "tessera/core/error.h"
#include "tessera/data/coco_json.h"
#include "tessera/data/datasets/cityscapes_classes.h"
#include "tessera/data/file_dataset.h"
#include "tessera/data/label_coding.h"
#include "tessera/image/image_io.h"

namespace tessera {
namespace {

namespace fs = std::filesystem;

constexpr int kVideoDivisor = 10000;  // image id = video * 10000 + number of the frame
constexpr int kInstanceDivisor = 1000;

/// The first of the names, released and older, that is there.
fs::path find_file(const DatasetSpec& spec, const std::vector<std::string>& names,
                   FolderCache& folders) {
  if (!spec.annotations.empty()) return spec.root / spec.annotations;
  for (const std::string& name : names)
    if (folders.has_file(spec.root / name)) return spec.root / name;
  fail("{}: found none of {}", spec.root.string(), fmt::join(names, ", "));
}

fs::path list_file(const DatasetSpec& spec, FolderCache& folders) {
  const std::string& split = spec.split;
  if (spec.all_frames)
    return find_file(
        spec,
        {"im_all_info_" + split + "_city_vps.json", "instances_" + split + "_01_im_info.json"},
        folders);
  return find_file(
      spec,
      {"instances_" + split + "_city_vps_rle.json", "instances_" + split + "_01_city_coco_rle.json",
       "panoptic_im_" + split + "_city_vps.json"},
      folders);
}

/// Labels are named after where they come from: our 5 frames of 6, or Cityscapes itself.
std::string label_name(std::string picture) {
  for (const auto& [from, to] : {std::pair<std::string, std::string>{"newImg8bit", "final_mask"},
                                 {"leftImg8bit", "gtFine_color"}}) {
    const std::size_t at = picture.find(from);
    if (at != std::string::npos) return picture.replace(at, from.size(), to);
  }
  return picture;
}

class CityscapesVps : public FileDataset {
 public:
  CityscapesVps(const DatasetSpec& spec, ProblemList& problems) : file_(list_file(spec, folders_)) {
    classes_ = cityscapes_classes();
    index_of_class_ = read_class_ids();
    const fs::path split = spec.root / spec.split;
    label_folder_ = split / "labelmap";
    panoptic_folder_ = split / "panoptic_inst";
    has_labels_ = !spec.without_labels && !spec.all_frames &&
                  (folders_.has_folder(label_folder_) || folders_.has_folder(panoptic_folder_) ||
                   file_.has("annotations"));
    const fs::path pictures = place_below(
        spec.root, spec.images, fs::path(spec.split) / (spec.all_frames ? "img_all" : "img"));
    require_split(folders_, pictures);
    read_frames(pictures, problems);
    if (has_labels_) {
      index_objects(problems);
      find_label_files(problems);
    }
    report_gaps(problems);
  }

 private:
  /// Ids are numbers or, in the lists for evaluation, names: 0005_0025_frankfurt_...
  static std::int64_t numeric_id(const JsonValue& id) {
    if (!id.is_text()) return id.as_integer("id");
    const std::string name = id.as_text("id");
    if (name.size() < 9 || name[4] != '_')
      fail("id: expected a name like 0005_0025_frankfurt_000000_000004, found '{}'", name);
    return frame_number(name.substr(0, 4)) * kVideoDivisor + frame_number(name.substr(5, 4));
  }

  /// The file's own ids, told by the names of its categories; trainIds where it doesn't list any.
  std::unordered_map<std::int64_t, int> read_class_ids() const {
    std::unordered_map<std::int64_t, int> index;
    file_.for_each("categories", [&](const JsonValue& category, std::string_view) {
      for (std::size_t i = 0; i < classes_.size(); ++i)
        if (classes_[i].name == category.text("name"))
          index[category.integer("id")] = static_cast<int>(i);
    });
    return index.empty() ? index_by_id(classes_) : index;
  }

  void read_frames(const fs::path& pictures, ProblemList& problems) {
    file_.for_each("images", [&](const JsonValue& image, std::string_view) {
      const std::int64_t id = numeric_id(image.at("id"));
      const std::string name = image.text("file_name");
      if (!folders_.has_file(pictures / name)) {
        problems.add(ProblemKind::kMissingFile, (pictures / name).string());
        missing_.insert(id);
        return;
      }
      index_of_image_[id] = frames_.size();
      add_frame(fmt::format("{:04}", id / kVideoDivisor), static_cast<int>(id % kVideoDivisor),
                fs::path(name).stem().string(), pictures / name);
    });
    objects_.resize(frames_.size());
  }

  void index_objects(ProblemList& problems) {
    if (file_.has("annotations") && !file_has_segments()) {
      file_.for_each("annotations", [&](const JsonValue& annotation, std::string_view text) {
        const std::int64_t image = annotation.integer("image_id");
        const auto frame = index_of_image_.find(image);
        if (frame != index_of_image_.end())
          objects_[frame->second].push_back(text);
        else if (!missing_.contains(image))
          problems.add(ProblemKind::kMissingPicture,
                       fmt::format("image_id {} of {}", image, file_.path().string()));
      });
      for (std::size_t i = 0; i < frames_.size(); ++i) frames_[i].trainable = !objects_[i].empty();
    }
  }

  /// The lists for evaluation have one entry a picture instead of one an object.
  bool file_has_segments() const {
    return file_.path().filename().string().starts_with("panoptic");
  }

  void find_label_files(ProblemList& problems) {
    const bool has_maps = folders_.has_folder(label_folder_);
    for (const FrameInfo& frame : frames_) {
      const std::string name = label_name(frame.image_path.filename().string());
      if (has_maps && !folders_.has_file(label_folder_ / name))
        problems.add(ProblemKind::kMissingLabels, (label_folder_ / name).string());
    }
  }

  void read_labels(std::size_t index, Size picture_size, Sample& sample) const override {
    const std::string name = label_name(frames_[index].image_path.filename().string());
    for (const std::string_view text : objects_[index])
      file_.read_at(text, [&] { read_object(text, picture_size, sample); });
    if (fs::exists(label_folder_ / name))
      read_class_map(label_folder_ / name, picture_size, sample);
    if (fs::exists(panoptic_folder_ / name))
      read_panoptic(panoptic_folder_ / name, picture_size, sample);
  }

  void read_object(std::string_view text, Size size, Sample& sample) const {
    JsonParser parser;
    const JsonValue annotation = parser.parse(text);
    Instance instance;
    instance.box = read_box(annotation, "bbox");
    instance.area = annotation.number("area");
    if (annotation.flag("ignore") || !is_usable_box(instance.box, instance.area, size)) return;
    const std::int64_t category = annotation.integer("category_id");
    if (!index_of_class_.contains(category))
      fail_as(ProblemKind::kUnknownClass, "category_id {} is unknown", category);
    instance.category = index_of_class_.at(category);
    instance.crowd = annotation.flag("iscrowd");
    instance.track_id = annotation.integer("inst_id");
    instance.mask = read_segmentation(annotation.at("segmentation"), size);
    sample.instances.push_back(std::move(instance));
  }

  void read_class_map(const fs::path& path, Size picture_size, Sample& sample) const {
    LabelMap map = read_label_png(path);
    check_same_size(picture_size, map.size(), path.string());
    for (const std::uint8_t value : map.values())
      if (value >= kCityscapesClasses && value != kCityscapesVoid)
        fail_as(ProblemKind::kUnknownClass, "{}: {} is no trainId; expected 0..18 or 255",
                path.string(), value);
    sample.semantic = std::move(map);
  }

  void read_panoptic(const fs::path& path, Size picture_size, Sample& sample) const {
    const Image16 map = read_label16_png(path);
    check_same_size(picture_size, map.size(), path.string());
    sample.panoptic = decode_labels(map, [&](std::uint32_t value) -> std::optional<LabelMeaning> {
      if (value == kCityscapesVoid) return std::nullopt;
      const bool is_object = value >= kInstanceDivisor;
      const std::uint32_t category = is_object ? value / kInstanceDivisor : value;
      if (category >= kCityscapesClasses)
        fail_as(ProblemKind::kUnknownClass, "{}: {} is no trainId or trainId * 1000 + number",
                path.string(), value);
      LabelMeaning meaning{static_cast<int>(category)};
      if (is_object) meaning.track_id = value;
      return meaning;
    });
  }

  FolderCache folders_;
  JsonFile file_;
  fs::path label_folder_, panoptic_folder_;
  std::unordered_map<std::int64_t, int> index_of_class_;
  std::unordered_map<std::int64_t, std::size_t> index_of_image_;
  std::set<std::int64_t> missing_;
  std::vector<std::vector<std::string_view>> objects_;  // of each frame
};

}  // namespace

std::unique_ptr<Dataset> open_cityscapes_vps(const DatasetSpec& spec, ProblemList& problems) {
  return std::make_unique<CityscapesVps>(spec, problems);
}

}  // namespace tessera
