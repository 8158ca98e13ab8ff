#include "tessera/data/datasets/pascal_voc.h"

#include "tessera/core/error.h"
#include "tessera/data/datasets/pascal_voc_classes.h"
#include "tessera/data/file_dataset.h"
#include "tessera/data/label_coding.h"
#include "tessera/image/image_io.h"

namespace tessera {
namespace {

namespace fs = std::filesystem;

class PascalVoc : public LabelFileDataset {
 public:
  PascalVoc(const DatasetSpec& spec, ProblemList& problems) {
    classes_ = pascal_voc_classes();
    has_labels_ = !spec.without_labels;
    FolderCache folders;
    fs::path root = spec.root;
    for (const char* inner : {"VOCdevkit", "VOC2012"})
      if (folders.has_folder(root / inner)) root /= inner;
    const fs::path pictures = place_below(root, spec.images, "JPEGImages");
    const fs::path objects = place_below(root, spec.annotations, "SegmentationObject");
    const fs::path list = root / "ImageSets" / "Segmentation" / (spec.split + ".txt");
    for (const std::string& name : read_list(list)) {
      const fs::path picture = pictures / (name + ".jpg");
      if (!folders.has_file(picture))
        problems.add(ProblemKind::kMissingFile, picture.string());
      else
        add_labelled_frame("", 0, name, picture, objects / (name + ".png"), folders, problems);
    }
  }

 private:
  void read_labels(std::size_t index, Size picture_size, Sample& sample) const override {
    constexpr std::uint32_t kBorder = 255;
    const fs::path& object_path = label_path(index);
    const fs::path class_path =
        object_path.parent_path().parent_path() / "SegmentationClass" / object_path.filename();
    const LabelMap objects = read_label_png(object_path);
    const LabelMap class_map = read_label_png(class_path);
    check_same_size(picture_size, objects.size(), object_path.string());
    check_same_size(picture_size, class_map.size(), class_path.string());
    Image16 both(picture_size, 1);
    for (std::size_t i = 0; i < both.values().size(); ++i)
      both.values()[i] =
          static_cast<std::uint16_t>(objects.values()[i] * 256 + class_map.values()[i]);
    sample.panoptic = decode_labels(both, [&](std::uint32_t value) -> std::optional<LabelMeaning> {
      const std::uint32_t object = value / 256, class_id = value % 256;
      if (object == 0) return std::nullopt;
      if (object == kBorder || class_id == kBorder) return LabelMeaning{-1, -1, false, true};
      if (class_id == 0 || class_id > classes_.size())
        fail_as(ProblemKind::kUnknownClass, "{}: class {} below object {} is none of 1..{}",
                class_path.string(), class_id, object, classes_.size());
      return LabelMeaning{static_cast<int>(class_id) - 1, -1, false, false, object};
    });
  }
};

}  // namespace

std::unique_ptr<Dataset> open_pascal_voc(const DatasetSpec& spec, ProblemList& problems) {
  return std::make_unique<PascalVoc>(spec, problems);
}

}  // namespace tessera
