#include "tessera/data/datasets/kitti_mots.h"

#include "tessera/core/error.h"
#include "tessera/data/datasets/kitti_sequences.h"
#include "tessera/data/file_dataset.h"
#include "tessera/data/label_coding.h"
#include "tessera/image/image_io.h"

namespace tessera {
namespace {

namespace fs = std::filesystem;

class KittiMots : public LabelFileDataset {
 public:
  KittiMots(const DatasetSpec& spec, ProblemList& problems) {
    classes_ = {{1, "car", true, {0, 0, 142}}, {2, "pedestrian", true, {220, 20, 60}}};
    const bool is_test = spec.split == "test";
    has_labels_ = !spec.without_labels && !is_test;
    FolderCache folders;
    const fs::path pictures =
        place_below(spec.root, spec.images, is_test ? "testing/image_02" : "training/image_02");
    const fs::path labels = place_below(spec.root, spec.annotations, "instances");
    require_split(folders, pictures);
    if (has_labels_) require_split(folders, labels);
    for (const std::string& sequence : sequences(spec)) {
      if (!folders.has_folder(pictures / sequence))
        problems.add(ProblemKind::kMissingFile, (pictures / sequence).string());
      else
        add_folder_pair({pictures / sequence, labels / sequence, ".png", ".png", sequence, true},
                        folders, problems);
    }
    report_gaps(problems);
  }

 private:
  /// Those that the evaluation's list names, where it lies here, else the official split's.
  static std::vector<std::string> sequences(const DatasetSpec& spec) {
    const fs::path list = spec.root / ("evaluate_mots.seqmap." + spec.split);
    if (!fs::exists(list)) return kitti_sequences(spec.split);
    std::vector<std::string> names;
    for (const std::string& line : read_list(list)) names.push_back(line.substr(0, line.find(' ')));
    return names;
  }

  void read_labels(std::size_t index, Size picture_size, Sample& sample) const override {
    constexpr std::uint32_t kIgnored = 10000;
    const fs::path& path = label_path(index);
    const Image16 labels = read_label16_png(path);
    check_same_size(picture_size, labels.size(), path.string());
    sample.panoptic =
        decode_labels(labels, [&](std::uint32_t value) -> std::optional<LabelMeaning> {
          if (value == 0) return std::nullopt;
          if (value == kIgnored) return LabelMeaning{-1, -1, false, true};
          const std::uint32_t class_id = value / 1000;
          if (class_id == 0 || class_id > classes_.size())
            fail_as(ProblemKind::kUnknownClass,
                    "{}: value {} has the unknown class {}; expected 1 (car) or 2 (pedestrian)",
                    path.string(), value, class_id);
          return LabelMeaning{static_cast<int>(class_id) - 1, value};
        });
  }
};

}  // namespace

std::unique_ptr<Dataset> open_kitti_mots(const DatasetSpec& spec, ProblemList& problems) {
  return std::make_unique<KittiMots>(spec, problems);
}

}  // namespace tessera
