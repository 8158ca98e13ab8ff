#include "tessera/data/datasets/kitti_step.h"

#include "tessera/core/error.h"
#include "tessera/data/datasets/cityscapes_classes.h"
#include "tessera/data/file_dataset.h"
#include "tessera/data/label_coding.h"
#include "tessera/data/step_png.h"

namespace tessera {
namespace {

namespace fs = std::filesystem;

class KittiStep : public LabelFileDataset {
 public:
  KittiStep(const DatasetSpec& spec, ProblemList& problems) {
    classes_ = cityscapes_step_classes();
    has_labels_ = !spec.without_labels && spec.split != "test";
    FolderCache folders;
    if (folders.has_folder(spec.root / "video_sequence"))
      list_renamed(spec.root / "video_sequence" / spec.split, folders, problems);
    else
      list_benchmark(spec, folders, problems);
    report_gaps(problems);
  }

 private:
  void list_benchmark(const DatasetSpec& spec, FolderCache& folders, ProblemList& problems) {
    const fs::path pictures = place_below(spec.root, spec.images, "images") / spec.split;
    const fs::path maps = place_below(spec.root, spec.annotations, "panoptic_maps") / spec.split;
    require_split(folders, pictures);
    if (has_labels_) require_split(folders, maps);
    for (const std::string& sequence : folders.folders(pictures))
      add_folder_pair({pictures / sequence, maps / sequence, ".png", ".png", sequence, true},
                      folders, problems);
    if (!has_labels_) return;
    for (const std::string& sequence : folders.folders(maps))
      if (!folders.has_folder(pictures / sequence))
        problems.add(ProblemKind::kMissingPicture, (maps / sequence).string());
  }

  /// Video K-Net's tree: all files of a split in one folder, 000002_000017_leftImg8bit.png.
  void list_renamed(const fs::path& folder, FolderCache& folders, ProblemList& problems) {
    constexpr std::string_view kPicture = "_leftImg8bit.png", kLabels = "_panoptic.png";
    require_split(folders, folder);
    for (const std::string& name : folders.files_ending(folder, kPicture)) {
      const std::string stem = name.substr(0, name.size() - kPicture.size());
      const std::size_t split = stem.find('_');
      if (split == std::string::npos)
        fail("{}: expected a name like 000002_000017_leftImg8bit.png", (folder / name).string());
      add_labelled_frame(stem.substr(0, split), frame_number(folder / stem), stem.substr(split + 1),
                         folder / name, folder / (stem + std::string(kLabels)), folders, problems);
    }
    if (!has_labels_) return;
    for (const std::string& name : folders.files_ending(folder, kLabels)) {
      const std::string stem = name.substr(0, name.size() - kLabels.size());
      if (!folders.has_file(folder / (stem + std::string(kPicture))))
        problems.add(ProblemKind::kMissingPicture, (folder / name).string());
    }
  }

  void read_labels(std::size_t index, Size picture_size, Sample& sample) const override {
    const std::filesystem::path& path = label_path(index);
    sample.panoptic = read_step_png(path, classes_);
    check_same_size(picture_size, sample.panoptic->ids.size(), path.string());
  }
};

}  // namespace

std::unique_ptr<Dataset> open_kitti_step(const DatasetSpec& spec, ProblemList& problems) {
  return std::make_unique<KittiStep>(spec, problems);
}

}  // namespace tessera
