#include "tessera/data/datasets/davis.h"

#include "tessera/core/error.h"
#include "tessera/data/file_dataset.h"
#include "tessera/data/label_coding.h"
#include "tessera/image/image_io.h"

namespace tessera {
namespace {

namespace fs = std::filesystem;

class Davis : public LabelFileDataset {
 public:
  Davis(const DatasetSpec& spec, ProblemList& problems) {
    classes_ = {{1, "object", true, {128, 0, 0}}};
    const bool is_trainval = spec.split == "train" || spec.split == "val";
    has_labels_ = !spec.without_labels && is_trainval;
    FolderCache folders;
    const fs::path pictures = place_below(spec.root, spec.images, "JPEGImages/480p");
    const fs::path labels =
        place_below(spec.root, spec.annotations, "Annotations_unsupervised/480p");
    require_split(folders, pictures);
    if (has_labels_) require_split(folders, labels);
    const fs::path list =
        spec.root / "ImageSets" / (is_trainval ? "2017" : "2019") / (spec.split + ".txt");
    for (const std::string& video : read_list(list)) {
      if (!folders.has_folder(pictures / video))
        problems.add(ProblemKind::kMissingFile, (pictures / video).string());
      else
        add_folder_pair({pictures / video, labels / video, ".jpg", ".png", video, true}, folders,
                        problems);
    }
    report_gaps(problems);
  }

 private:
  void read_labels(std::size_t index, Size picture_size, Sample& sample) const override {
    constexpr std::uint32_t kVoid = 255;
    const bool void_is_object = frames_[index].key.sequence == "tennis";
    const fs::path& path = label_path(index);
    const LabelMap labels = read_label_png(path);
    check_same_size(picture_size, labels.size(), path.string());
    sample.panoptic =
        decode_labels(labels, [&](std::uint32_t value) -> std::optional<LabelMeaning> {
          if (value == 0) return std::nullopt;
          if (value == kVoid && !void_is_object) return LabelMeaning{-1, -1, false, true};
          return LabelMeaning{0, value};
        });
  }
};

}  // namespace

std::unique_ptr<Dataset> open_davis(const DatasetSpec& spec, ProblemList& problems) {
  return std::make_unique<Davis>(spec, problems);
}

}  // namespace tessera
