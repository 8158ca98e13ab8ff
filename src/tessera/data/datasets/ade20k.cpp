#include "tessera/data/datasets/ade20k.h"

#include "tessera/core/error.h"
#include "tessera/data/datasets/ade20k_classes.h"
#include "tessera/data/file_dataset.h"
#include "tessera/data/label_coding.h"
#include "tessera/image/image_io.h"

namespace tessera {
namespace {

namespace fs = std::filesystem;

class Ade20k : public LabelFileDataset {
 public:
  Ade20k(const DatasetSpec& spec, ProblemList& problems) {
    classes_ = ade20k_classes();
    has_labels_ = !spec.without_labels && spec.split != "test";
    const std::string folder = spec.split == "train"  ? "training"
                               : spec.split == "val"  ? "validation"
                               : spec.split == "test" ? "testing"
                                                      : spec.split;
    FolderCache folders;
    const fs::path inner = spec.root / "ADEChallengeData2016";
    const fs::path root = folders.has_folder(inner) ? inner : spec.root;
    const fs::path pictures = place_below(root, spec.images, "images") / folder;
    require_split(folders, pictures);
    add_folder_pair({pictures, place_below(root, spec.annotations, "annotations") / folder, ".jpg",
                     ".png", "", false},
                    folders, problems);
  }

 private:
  void read_labels(std::size_t index, Size picture_size, Sample& sample) const override {
    constexpr std::uint8_t kVoid = 255;
    const fs::path& path = label_path(index);
    LabelMap labels = read_label_png(path);
    check_same_size(picture_size, labels.size(), path.string());
    for (std::uint8_t& value : labels.values()) {
      if (value > classes_.size() && value != kVoid)
        fail_as(ProblemKind::kUnknownClass, "{}: value {} is no class; expected 0..{}",
                path.string(), value, classes_.size());
      value = value == 0 || value == kVoid ? kVoid : static_cast<std::uint8_t>(value - 1);
    }
    sample.semantic = std::move(labels);
  }
};

}  // namespace

std::unique_ptr<Dataset> open_ade20k(const DatasetSpec& spec, ProblemList& problems) {
  return std::make_unique<Ade20k>(spec, problems);
}

}  // namespace tessera
