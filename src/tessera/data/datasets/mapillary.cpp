#include "tessera/data/datasets/mapillary.h"

#include "tessera/core/error.h"
#include "tessera/core/json.h"
#include "tessera/data/file_dataset.h"
#include "tessera/data/label_coding.h"
#include "tessera/image/image_io.h"

namespace tessera {
namespace {

namespace fs = std::filesystem;

class Mapillary : public LabelFileDataset {
 public:
  Mapillary(const DatasetSpec& spec, ProblemList& problems) {
    has_labels_ = !spec.without_labels && spec.split != "test";
    read_classes(spec.root / "config.json");
    const std::string folder = spec.split == "train"  ? "training"
                               : spec.split == "val"  ? "validation"
                               : spec.split == "test" ? "testing"
                                                      : spec.split;
    FolderCache folders;
    const fs::path split = spec.root / folder;
    require_split(folders, split);
    add_folder_pair({place_below(split, spec.images, "images"),
                     place_below(split, spec.annotations, "instances"), ".jpg", ".png", "", false},
                    folders, problems);
  }

 private:
  void read_classes(const fs::path& path) {
    const JsonFile config(path);
    int id = 0;
    config.for_each("labels", [&](const JsonValue& label, std::string_view) {
      ClassInfo info;
      info.id = id++;
      info.name = label.text("readable");
      info.is_thing = label.flag("instances");
      const std::vector<double> rgb = label.numbers("color");
      if (rgb.size() != 3) fail("color: expected 3 numbers");
      for (int c = 0; c < 3; ++c) info.color[c] = static_cast<std::uint8_t>(rgb[c]);
      classes_.push_back(info);
    });
    if (classes_.empty()) fail("{}: 'labels' is missing or empty", path.string());
    if (classes_.back().name == "Unlabeled") {
      unlabelled_ = classes_.back().id;
      classes_.pop_back();
    }
  }

  void read_labels(std::size_t index, Size picture_size, Sample& sample) const override {
    const fs::path& path = label_path(index);
    const Image16 labels = read_label16_png(path);
    check_same_size(picture_size, labels.size(), path.string());
    sample.panoptic =
        decode_labels(labels, [&](std::uint32_t value) -> std::optional<LabelMeaning> {
          const int category = static_cast<int>(value / 256);
          if (category == unlabelled_) return std::nullopt;
          if (category >= static_cast<int>(classes_.size()))
            fail_as(ProblemKind::kUnknownClass, "{}: label {} is not in config.json", path.string(),
                    category);
          LabelMeaning meaning{category};
          if (classes_[category].is_thing) meaning.instance = value;
          return meaning;
        });
  }

  int unlabelled_ = -1;
};

}  // namespace

std::unique_ptr<Dataset> open_mapillary(const DatasetSpec& spec, ProblemList& problems) {
  return std::make_unique<Mapillary>(spec, problems);
}

}  // namespace tessera
