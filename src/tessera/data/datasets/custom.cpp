#include "tessera/data/datasets/custom.h"

#include "tessera/core/error.h"
#include "tessera/data/class_list.h"
#include "tessera/data/file_dataset.h"
#include "tessera/data/label_coding.h"
#include "tessera/data/step_png.h"

namespace tessera {
namespace {

namespace fs = std::filesystem;

class Custom : public LabelFileDataset {
 public:
  Custom(const DatasetSpec& spec, ProblemList& problems) {
    classes_ = read_class_list(spec.root / "classes.yaml");
    FolderCache folders;
    const fs::path frames = place_below(spec.root, spec.images, "frames");
    const fs::path labels = place_below(spec.root, spec.annotations, "panoptic");
    require_split(folders, frames);
    has_labels_ = !spec.without_labels && folders.has_folder(labels);
    for (const std::string& sequence : sequences(spec, frames, folders)) {
      const fs::path folder = frames / sequence;
      if (!folders.has_folder(folder)) {
        problems.add(ProblemKind::kMissingFile, folder.string());
        continue;
      }
      const bool has_jpeg = !folders.files_ending(folder, ".jpg").empty();
      add_folder_pair({folder, labels / sequence, has_jpeg ? ".jpg" : ".png", ".png", sequence,
                       !sequence.empty()},
                      folders, problems);
    }
    report_gaps(problems);
  }

 private:
  /// Those of splits/<split>.txt, or all there are; "" for pictures that lie in frames/ itself.
  static std::vector<std::string> sequences(const DatasetSpec& spec, const fs::path& frames,
                                            FolderCache& folders) {
    const fs::path list = spec.root / "splits" / (spec.split + ".txt");
    if (folders.has_file(list)) return read_list(list);
    if (folders.has_folder(list.parent_path()) && !spec.split.empty())
      fail("{}: no such file; splits/ has {}", list.string(),
           fmt::join(folders.files(list.parent_path()), ", "));
    std::vector<std::string> names = folders.folders(frames);
    if (names.empty()) names.emplace_back();
    return names;
  }

  void read_labels(std::size_t index, Size picture_size, Sample& sample) const override {
    const std::filesystem::path& path = label_path(index);
    sample.panoptic = read_step_png(path, classes_);
    check_same_size(picture_size, sample.panoptic->ids.size(), path.string());
  }
};

}  // namespace

std::unique_ptr<Dataset> open_custom(const DatasetSpec& spec, ProblemList& problems) {
  return std::make_unique<Custom>(spec, problems);
}

}  // namespace tessera
