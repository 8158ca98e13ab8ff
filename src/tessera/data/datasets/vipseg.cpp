#include "tessera/data/datasets/vipseg.h"

#include "tessera/core/error.h"
#include "tessera/data/datasets/vipseg_classes.h"
#include "tessera/data/file_dataset.h"
#include "tessera/data/label_coding.h"
#include "tessera/image/image_io.h"

namespace tessera {
namespace {

namespace fs = std::filesystem;

class Vipseg : public LabelFileDataset {
 public:
  Vipseg(const DatasetSpec& spec, ProblemList& problems) {
    classes_ = vipseg_classes();
    has_labels_ = !spec.without_labels && spec.split != "test";
    FolderCache folders;
    const char* pictures_name = folders.has_folder(spec.root / "images") ? "images" : "imgs";
    const fs::path pictures = place_below(spec.root, spec.images, pictures_name);
    const fs::path masks = place_below(spec.root, spec.annotations, "panomasks");
    for (const std::string& video : read_list(spec.root / (spec.split + ".txt"))) {
      if (!folders.has_folder(pictures / video))
        problems.add(ProblemKind::kMissingFile, (pictures / video).string());
      else
        add_folder_pair({pictures / video, masks / video, ".jpg", ".png", video, false}, folders,
                        problems);
    }
    report_name_gaps(problems);
  }

 private:
  std::optional<LabelMeaning> decode(std::uint32_t value) const {
    constexpr std::uint32_t kVoid = 0, kMistake = 200, kLastPlain = 124;
    if (value == kVoid || value == kMistake) return std::nullopt;
    const std::uint32_t id = value <= kLastPlain ? value - 1 : value / 100 - 1;
    if (id >= classes_.size())
      fail_as(ProblemKind::kUnknownClass, "value {} stands for the unknown class {}", value, id);
    LabelMeaning meaning{static_cast<int>(id)};
    if (!classes_[id].is_thing) return meaning;
    meaning.crowd = value <= kLastPlain;
    if (!meaning.crowd) meaning.track_id = id * 1000 + value % 100;
    return meaning;
  }

  void read_labels(std::size_t index, Size picture_size, Sample& sample) const override {
    const fs::path& path = label_path(index);
    const Image16 labels = read_label16_png(path);
    check_same_size(picture_size, labels.size(), path.string());
    with_context(path.string(), [&] {
      sample.panoptic =
          decode_labels(labels, [this](std::uint32_t value) { return decode(value); });
    });
  }
};

}  // namespace

std::unique_ptr<Dataset> open_vipseg(const DatasetSpec& spec, ProblemList& problems) {
  return std::make_unique<Vipseg>(spec, problems);
}

}  // namespace tessera
