// The layout for datasets of one's own: frames/, panoptic/, classes.yaml and splits/.
#include <map>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/data/datasets/cityscapes_classes.h"
#include "tessera/data/synth/dataset_writer.h"
#include "tessera/image/image_io.h"

namespace tessera::synth {
namespace {

class CustomWriter : public DatasetWriter {
 public:
  using DatasetWriter::DatasetWriter;

  void prepare(const SynthFrame& frame) override {
    if (frame.frame == 0) lists_[frame.split] += sequence_name(frame) + "\n";
  }

  nlohmann::json write(const SynthFrame& frame) const override {
    const std::string name = fmt::format("{}/{:06}", sequence_name(frame), frame.frame);
    write_jpeg(file("frames/" + name + ".jpg"), frame.image);
    write_png(file("panoptic/" + name + ".png"),
              label_picture(frame, frame.tracks, cityscapes_classes()));
    return {};
  }

  void finish() override {
    std::string text = "classes:\n";
    for (const ClassInfo& info : cityscapes_classes())
      text += fmt::format("  - {{id: {}, name: {}, thing: {}, color: [{}, {}, {}]}}\n", info.id,
                          info.name, info.is_thing, info.color[0], info.color[1], info.color[2]);
    write_text_file(file("classes.yaml"), text);
    for (const auto& [split, list] : lists_)
      write_text_file(file("splits/" + split + ".txt"), list);
  }

 private:
  static std::string sequence_name(const SynthFrame& frame) {
    return fmt::format("{}-{:03}", frame.split, frame.sequence);
  }

  std::map<std::string, std::string> lists_;
};

}  // namespace

std::unique_ptr<DatasetWriter> make_custom_writer(const std::filesystem::path& root) {
  return std::make_unique<CustomWriter>(root);
}

}  // namespace tessera::synth
