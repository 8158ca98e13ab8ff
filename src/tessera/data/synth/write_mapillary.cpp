// Mapillary Vistas: label * 256 + number in 16 bits; config.json says what the labels are.
#include "tessera/core/error.h"
#include "tessera/data/datasets/cityscapes_classes.h"
#include "tessera/data/synth/dataset_writer.h"
#include "tessera/image/image_io.h"

namespace tessera::synth {
namespace {

constexpr int kUnlabeled = kCityscapesClasses;  ///< the last label of config.json
constexpr int kLabelDivisor = 256;

class MapillaryWriter : public DatasetWriter {
 public:
  using DatasetWriter::DatasetWriter;

  nlohmann::json write(const SynthFrame& frame) const override {
    if (frame.objects.size() >= kLabelDivisor)
      fail("Mapillary's maps hold at most {} objects a picture", kLabelDivisor - 1);
    Image16 values(frame.categories.size(), 1);
    std::vector<int> numbers(frame.objects.empty() ? 1 : frame.objects.back().track + 1);
    for (std::size_t i = 0; i < frame.objects.size(); ++i)
      numbers[frame.objects[i].track] = static_cast<int>(i) + 1;
    for (std::size_t i = 0; i < values.values().size(); ++i) {
      const int category = frame.categories.values()[i];
      const bool is_group = category != kCityscapesVoid &&
                            cityscapes_classes()[category].is_thing &&
                            frame.tracks.values()[i] == 0;
      const int label = category == kCityscapesVoid || is_group ? kUnlabeled : category;
      values.values()[i] =
          static_cast<std::uint16_t>(label * kLabelDivisor + numbers[frame.tracks.values()[i]]);
    }
    const std::string folder = frame.split == "train" ? "training/" : "validation/";
    const std::string name = fmt::format("street{:06}", frame.number);
    write_jpeg(file(folder + "images/" + name + ".jpg"), frame.image);
    write_png(file(folder + "instances/" + name + ".png"), values);
    return {};
  }

  void finish() override {
    nlohmann::json labels = nlohmann::json::array();
    for (const ClassInfo& info : cityscapes_classes())
      labels.push_back({{"name", info.name},
                        {"readable", info.name},
                        {"instances", info.is_thing},
                        {"evaluate", true},
                        {"color", info.color}});
    labels.push_back({{"name", "void--unlabeled"},
                      {"readable", "Unlabeled"},
                      {"instances", false},
                      {"evaluate", false},
                      {"color", {0, 0, 0}}});
    write_json("config.json", {{"labels", labels}, {"version", 1.1}});
  }
};

}  // namespace

std::unique_ptr<DatasetWriter> make_mapillary_writer(const std::filesystem::path& root) {
  return std::make_unique<MapillaryWriter>(root);
}

}  // namespace tessera::synth
