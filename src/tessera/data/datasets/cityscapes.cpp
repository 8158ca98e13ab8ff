#include "tessera/data/datasets/cityscapes.h"

#include "tessera/core/error.h"
#include "tessera/data/datasets/cityscapes_classes.h"
#include "tessera/data/file_dataset.h"
#include "tessera/data/label_coding.h"
#include "tessera/image/image_io.h"

namespace tessera {
namespace {

namespace fs = std::filesystem;

constexpr int kInstanceDivisor = 1000;
constexpr std::string_view kPicture = "_leftImg8bit.png";

class Cityscapes : public LabelFileDataset {
 public:
  Cityscapes(const DatasetSpec& spec, std::vector<ClassInfo> classes, ProblemList& problems) {
    classes_ = std::move(classes);
    has_labels_ = !spec.without_labels && spec.split != "test";
    FolderCache folders;
    const fs::path pictures = place_below(spec.root, spec.images, "leftImg8bit") / spec.split;
    const fs::path labels = place_below(spec.root, spec.annotations, "gtFine") / spec.split;
    require_split(folders, pictures);
    if (has_labels_) require_split(folders, labels);
    for (const std::string& city : folders.folders(labels))
      is_prepared_ = is_prepared_ ||
                     !folders.files_ending(labels / city, "_gtFine_instanceTrainIds.png").empty();
    for (const std::string& city : folders.folders(pictures)) {
      add_folder_pair({pictures / city, labels / city, std::string(kPicture),
                       "_gtFine_" + instance_ending(), "", false},
                      folders, problems);
    }
    for (std::size_t i = 0; i < frames_.size(); ++i)
      has_class_map_.push_back(folders.has_file(class_map_path(i)));
  }

 private:
  std::string instance_ending() const {
    return is_prepared_ ? "instanceTrainIds.png" : "instanceIds.png";
  }

  fs::path class_map_path(std::size_t index) const {
    const fs::path& path = label_path(index);
    const std::string name = path.filename().string();
    const std::string stem = name.substr(0, name.size() - instance_ending().size());
    return path.parent_path() / (stem + (is_prepared_ ? "labelTrainIds.png" : "labelIds.png"));
  }

  /// trainId of a class in the files, 255 for those that aren't evaluated.
  int train_id(std::uint32_t file_class) const {
    const int id = static_cast<int>(file_class);
    if (is_prepared_ ? id >= kCityscapesClasses && id != kCityscapesVoid
                     : !is_cityscapes_label_id(id))
      fail_as(ProblemKind::kUnknownClass, "{} is no Cityscapes {}", id,
              is_prepared_ ? "trainId" : "labelId");
    return is_prepared_ ? id : cityscapes_train_id(id);
  }

  std::optional<LabelMeaning> decode(std::uint32_t value) const {
    const bool is_instance = value >= kInstanceDivisor;
    const int category = train_id(is_instance ? value / kInstanceDivisor : value);
    if (category == kCityscapesVoid) return std::nullopt;
    LabelMeaning meaning{category};
    if (!classes_[category].is_thing) return meaning;
    meaning.crowd = !is_instance;
    meaning.instance = value;
    return meaning;
  }

  void read_labels(std::size_t index, Size picture_size, Sample& sample) const override {
    const fs::path& path = label_path(index);
    const Image16 instances = read_label16_png(path);
    check_same_size(picture_size, instances.size(), path.string());
    with_context(path.string(), [&] {
      sample.panoptic =
          decode_labels(instances, [this](std::uint32_t value) { return decode(value); });
    });
    if (!has_class_map_[index]) return;
    const fs::path class_path = class_map_path(index);
    LabelMap map = read_label_png(class_path);
    check_same_size(picture_size, map.size(), class_path.string());
    with_context(class_path.string(), [&] {
      for (std::uint8_t& value : map.values()) value = static_cast<std::uint8_t>(train_id(value));
    });
    sample.semantic = std::move(map);
  }

  bool is_prepared_ = false;
  std::vector<bool> has_class_map_;
};

}  // namespace

std::unique_ptr<Dataset> open_cityscapes(const DatasetSpec& spec, ProblemList& problems) {
  return std::make_unique<Cityscapes>(spec, cityscapes_classes(), problems);
}

std::unique_ptr<Dataset> open_cityscapes_step(const DatasetSpec& spec, ProblemList& problems) {
  return std::make_unique<Cityscapes>(spec, cityscapes_step_classes(), problems);
}

}  // namespace tessera
