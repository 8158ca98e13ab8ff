#include "tessera/data/datasets/kitti_step.h"

#include "tessera/core/error.h"
#include "tessera/data/datasets/cityscapes_classes.h"
#include "tessera/data/file_dataset.h"
#include "tessera/data/label_coding.h"
#include "tessera/image/image_io.h"

namespace tessera {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kTrackDivisor = 10000;

class KittiStep : public LabelFileDataset {
 public:
  KittiStep(const DatasetSpec& spec, ProblemList& problems) {
    classes_ = cityscapes_step_classes();
    has_labels_ = !spec.without_labels;
    FolderCache folders;
    const fs::path renamed = spec.root / "video_sequence" / spec.split;
    if (folders.has_folder(spec.root / "video_sequence"))
      list_renamed(renamed, folders, problems);
    else
      list_benchmark(spec, folders, problems);
    report_gaps(problems);
  }

 private:
  /// Adds a frame whose files are both there; reports it otherwise.
  void add_pair(const std::string& sequence, const fs::path& picture, const fs::path& labels,
                const std::string& number_name, FolderCache& folders, ProblemList& problems) {
    if (has_labels_ && !folders.has_file(labels))
      problems.add(ProblemKind::kMissingLabels, picture.string());
    else
      add_labelled_frame(sequence, frame_number(number_name), sequence + "/" + number_name, picture,
                         labels);
  }

  void list_benchmark(const DatasetSpec& spec, FolderCache& folders, ProblemList& problems) {
    const fs::path pictures = place_below(spec.root, spec.images, fs::path("images")) / spec.split;
    const fs::path maps =
        place_below(spec.root, spec.annotations, fs::path("panoptic_maps")) / spec.split;
    require_split(folders, pictures);
    has_labels_ = has_labels_ && spec.split != "test";
    if (has_labels_) require_split(folders, maps);
    for (const std::string& sequence : folders.folders(pictures)) {
      for (const std::string& name : folders.files_ending(pictures / sequence, ".png"))
        add_pair(sequence, pictures / sequence / name, maps / sequence / name,
                 fs::path(name).stem().string(), folders, problems);
    }
    if (!has_labels_) return;
    for (const std::string& sequence : folders.folders(maps))
      for (const std::string& name : folders.files_ending(maps / sequence, ".png"))
        if (!folders.has_file(pictures / sequence / name))
          problems.add(ProblemKind::kMissingPicture, (maps / sequence / name).string());
  }

  void list_renamed(const fs::path& folder, FolderCache& folders, ProblemList& problems) {
    constexpr std::string_view kPicture = "_leftImg8bit.png", kLabels = "_panoptic.png";
    require_split(folders, folder);
    has_labels_ = has_labels_ && folder.filename() != "test";
    for (const std::string& name : folders.files_ending(folder, kPicture)) {
      const std::string stem = name.substr(0, name.size() - kPicture.size());
      const std::size_t split = stem.find('_');
      if (split == std::string::npos)
        fail("{}: expected a name like 000002_000017_leftImg8bit.png", (folder / name).string());
      add_pair(stem.substr(0, split), folder / name, folder / (stem + std::string(kLabels)),
               stem.substr(split + 1), folders, problems);
    }
    if (!has_labels_) return;
    for (const std::string& name : folders.files_ending(folder, kLabels)) {
      const std::string stem = name.substr(0, name.size() - kLabels.size());
      if (!folders.has_file(folder / (stem + std::string(kPicture))))
        problems.add(ProblemKind::kMissingPicture, (folder / name).string());
    }
  }

  std::optional<LabelMeaning> decode(std::uint32_t value) const {
    const int category = static_cast<int>(value & 255);
    const std::int64_t instance = (value >> 8 & 255) * 256 + (value >> 16);
    if (category == kCityscapesVoid) return std::nullopt;
    if (category >= static_cast<int>(classes_.size()))
      fail("class {} is unknown; expected 0..{} or {} in the red channel", category,
           classes_.size() - 1, kCityscapesVoid);
    if (!classes_[category].is_thing) return LabelMeaning{category, -1, false, false};
    return LabelMeaning{category, category * kTrackDivisor + instance, instance == 0, false};
  }

  void read_labels(std::size_t index, Size picture_size, Sample& sample) const override {
    const fs::path& path = label_path(index);
    const Image labels = read_rgb_png(path);
    check_same_size(picture_size, labels.size(), path.string());
    with_context(path.string(), [&] {
      sample.panoptic =
          decode_labels(pack_rgb(labels), [this](std::uint32_t value) { return decode(value); });
    });
  }
};

}  // namespace

std::unique_ptr<Dataset> open_kitti_step(const DatasetSpec& spec, ProblemList& problems) {
  return std::make_unique<KittiStep>(spec, problems);
}

}  // namespace tessera
