// KITTI-MOTS: cars and pedestrians as 16-bit PNGs, as text, and the list of sequences.
#include <map>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/data/datasets/cityscapes_classes.h"
#include "tessera/data/synth/dataset_writer.h"
#include "tessera/image/image_io.h"

namespace tessera::synth {
namespace {

constexpr int kClassDivisor = 1000;
constexpr int kIgnored = 10000, kIgnoredClass = 10;

/// 1 car, 2 pedestrian, 0 for everything else.
int mots_class(int category) {
  if (category == kCityscapesVoid) return 0;
  const std::string& name = cityscapes_classes()[category].name;
  return name == "car" ? 1 : name == "person" ? 2 : 0;
}

class KittiMotsWriter : public DatasetWriter {
 public:
  using DatasetWriter::DatasetWriter;

  void prepare(const SynthFrame& frame) override {
    if (!frame.objects.empty() && frame.objects.back().track >= kClassDivisor)
      fail("KITTI-MOTS holds at most {} identities a sequence; use fewer frames",
           kClassDivisor - 1);
  }

  nlohmann::json write(const SynthFrame& frame) const override {
    const std::string name = fmt::format("{}/{:06}.png", sequence_name(frame), frame.frame);
    Image16 values(frame.categories.size(), 1);
    for (std::size_t i = 0; i < values.values().size(); ++i) {
      const int mots = mots_class(frame.categories.values()[i]);
      const std::uint32_t track = frame.tracks.values()[i];
      if (mots == 0) continue;
      values.values()[i] =
          static_cast<std::uint16_t>(track > 0 ? mots * kClassDivisor + track : kIgnored);
    }
    write_picture("training/image_02/" + name, frame.image);
    write_png(file("instances/" + name), values);
    return describe(frame, values);
  }

  void collect(const SynthFrame& frame, nlohmann::json lines) override {
    texts_[sequence_name(frame)] += lines.get<std::string>();
    if (frame.frame == 0)
      maps_[frame.split] +=
          fmt::format("{} empty 000000 {:06}\n", sequence_name(frame), frame.frames - 1);
  }

  void finish() override {
    for (const auto& [sequence, text] : texts_)
      write_text_file(file("instances_txt/" + sequence + ".txt"), text);
    for (const auto& [split, text] : maps_)
      write_text_file(file("evaluate_mots.seqmap." + split), text);
  }

 private:
  static std::string sequence_name(const SynthFrame& frame) {
    return fmt::format("{:04}", kitti_step_sequence_number(frame.split, frame.sequence));
  }

  /// Lines "frame id class height width mask", the region that counts for nothing last.
  static std::string describe(const SynthFrame& frame, const Image16& values) {
    IdMap ids(values.size(), 1);
    std::copy(values.values().begin(), values.values().end(), ids.values().begin());
    std::string text;
    const auto add = [&](int id, int category) {
      const Rle mask = rle_encode(ids, static_cast<std::uint32_t>(id));
      if (rle_area(mask) == 0) return;
      text += fmt::format("{} {} {} {} {} {}\n", frame.frame, id, category, values.height(),
                          values.width(), rle_to_string(mask));
    };
    for (const SynthObject& object : frame.objects)
      if (const int mots = mots_class(object.category); mots > 0)
        add(mots * kClassDivisor + static_cast<int>(object.track), mots);
    add(kIgnored, kIgnoredClass);
    return text;
  }

  std::map<std::string, std::string> texts_, maps_;
};

}  // namespace

std::unique_ptr<DatasetWriter> make_kitti_mots_writer(const std::filesystem::path& root) {
  return std::make_unique<KittiMotsWriter>(root);
}

}  // namespace tessera::synth
