// PASCAL VOC 2012: objects and their classes as two palette PNGs.
#include <map>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/data/datasets/pascal_voc_classes.h"
#include "tessera/data/synth/dataset_writer.h"
#include "tessera/image/draw.h"
#include "tessera/image/image_io.h"

namespace tessera::synth {
namespace {

// In order of the trainIds, things only; there is no truck.
const std::vector<std::string> kVocNames = {
    "", "",       "",       "",    "", "",    "",      "",          "",       "",
    "", "person", "person", "car", "", "bus", "train", "motorbike", "bicycle"};
constexpr std::uint8_t kVoid = 255;
constexpr std::size_t kMostObjects = 254;

class PascalVocWriter : public DatasetWriter {
 public:
  explicit PascalVocWriter(const std::filesystem::path& root)
      : DatasetWriter(root), classes_(classes_by_name(pascal_voc_classes(), kVocNames)) {}

  nlohmann::json write(const SynthFrame& frame) const override {
    std::map<std::uint32_t, std::uint8_t> numbers;
    for (const SynthObject& object : frame.objects)
      if (classes_[object.category] != nullptr)
        numbers[object.track] = static_cast<std::uint8_t>(numbers.size() + 1);
    if (numbers.size() > kMostObjects)
      fail("PASCAL VOC's maps hold at most {} objects a picture", kMostObjects);
    LabelMap objects(frame.categories.size(), 1), categories(frame.categories.size(), 1);
    for (std::size_t i = 0; i < objects.values().size(); ++i) {
      const std::uint8_t category = frame.categories.values()[i];
      const ClassInfo* info = category < classes_.size() ? classes_[category] : nullptr;
      if (info == nullptr) continue;
      const auto number = numbers.find(frame.tracks.values()[i]);
      const bool is_group = number == numbers.end();
      objects.values()[i] = is_group ? kVoid : number->second;
      categories.values()[i] = is_group ? kVoid : static_cast<std::uint8_t>(info->id);
    }
    const std::string name = picture_name(frame);
    write_jpeg(file("JPEGImages/" + name + ".jpg"), frame.image);
    write_palette_png(file("SegmentationObject/" + name + ".png"), objects, voc_palette());
    write_palette_png(file("SegmentationClass/" + name + ".png"), categories, voc_palette());
    return {};
  }

  void collect(const SynthFrame& frame, nlohmann::json) override {
    lists_[frame.split] += picture_name(frame) + "\n";
  }

  void finish() override {
    for (const auto& [split, list] : lists_)
      write_text_file(file("ImageSets/Segmentation/" + split + ".txt"), list);
  }

 private:
  /// Train and val are of one year and one folder.
  static std::string picture_name(const SynthFrame& frame) {
    return fmt::format("2012_{}{:05}", frame.split == "train" ? 0 : 1, frame.number);
  }

  std::vector<const ClassInfo*> classes_;
  std::map<std::string, std::string> lists_;
};

}  // namespace

std::unique_ptr<DatasetWriter> make_pascal_voc_writer(const std::filesystem::path& root) {
  return std::make_unique<PascalVocWriter>(root);
}

}  // namespace tessera::synth
