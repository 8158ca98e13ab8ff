// Cityscapes as it is released: pictures, labelIds and instanceIds. `tessera prepare` makes the
// rest.
#include <array>

#include "tessera/core/error.h"
#include "tessera/data/datasets/cityscapes_classes.h"
#include "tessera/data/synth/dataset_writer.h"
#include "tessera/image/image_io.h"

namespace tessera::synth {
namespace {

constexpr int kStatic = 4;  ///< labelId of things that stand around, which isn't evaluated
constexpr int kInstanceDivisor = 1000;

class CityscapesWriter : public DatasetWriter {
 public:
  using DatasetWriter::DatasetWriter;

  nlohmann::json write(const SynthFrame& frame) const override {
    const std::string stem =
        fmt::format("{}/street/street_{:06}_{:06}", frame.split, frame.sequence, frame.frame);
    const Size size = frame.categories.size();
    Image colors(size, 3);
    LabelMap labels(size, 1);
    Image16 instances(size, 1);
    const std::vector<int> numbers = number_in_class(frame);
    for (int y = 0; y < size.height; ++y)
      for (int x = 0; x < size.width; ++x) {
        const int category = frame.categories.at(x, y);
        const std::uint32_t track = frame.tracks.at(x, y);
        const int label = category == kCityscapesVoid ? kStatic : cityscapes_label_id(category);
        labels.at(x, y) = static_cast<std::uint8_t>(label);
        instances.at(x, y) = static_cast<std::uint16_t>(
            track > 0 ? label * kInstanceDivisor + numbers[track] : label);
        if (category == kCityscapesVoid) continue;
        const Color& color = cityscapes_classes()[category].color;
        std::copy(color.begin(), color.end(), &colors.at(x, y));
      }
    write_picture("leftImg8bit/" + stem + "_leftImg8bit.png", frame.image);
    write_png(file("gtFine/" + stem + "_gtFine_color.png"), colors);
    write_png(file("gtFine/" + stem + "_gtFine_labelIds.png"), labels);
    write_png(file("gtFine/" + stem + "_gtFine_instanceIds.png"), instances);
    return {};
  }

 private:
  /// Objects are counted from 0 in each class and picture; the number of each track.
  static std::vector<int> number_in_class(const SynthFrame& frame) {
    std::array<int, kCityscapesClasses> counts = {};
    std::vector<int> numbers(frame.objects.empty() ? 0 : frame.objects.back().track + 1);
    for (const SynthObject& object : frame.objects) {
      numbers[object.track] = counts[static_cast<std::size_t>(object.category)]++;
      if (numbers[object.track] >= kInstanceDivisor)
        fail("Cityscapes' maps hold at most {} objects of a class", kInstanceDivisor);
    }
    return numbers;
  }
};

}  // namespace

std::unique_ptr<DatasetWriter> make_cityscapes_writer(const std::filesystem::path& root) {
  return std::make_unique<CityscapesWriter>(root);
}

}  // namespace tessera::synth
