// KITTI-STEP: pictures, and panoptic maps with R = trainId, id = 256 G + B.
#include <algorithm>
#include <array>

#include "tessera/core/error.h"
#include "tessera/data/datasets/cityscapes_classes.h"
#include "tessera/data/step_png.h"
#include "tessera/data/synth/dataset_writer.h"
#include "tessera/image/image_io.h"

namespace tessera::synth {
namespace {

class KittiStepWriter : public DatasetWriter {
 public:
  KittiStepWriter(const std::filesystem::path& root, bool flat)
      : DatasetWriter(root), flat_(flat) {}

  void prepare(const SynthFrame& frame) override {
    if (!frame.objects.empty() && frame.objects.back().track > 0xFFFF)
      fail("KITTI-STEP's maps hold at most 65535 identities a sequence; use fewer frames");
  }

  nlohmann::json write(const SynthFrame& frame) const override {
    const int number = kitti_step_sequence_number(frame.split, frame.sequence);
    const std::string flat =
        fmt::format("video_sequence/{}/{:06}_{:06}_", frame.split, number, frame.frame);
    const std::string tree = fmt::format("{}/{:04}/{:06}.png", frame.split, number, frame.frame);
    write_picture(flat_ ? flat + "leftImg8bit.png" : "images/" + tree, frame.image);
    write_png(file(flat_ ? flat + "panoptic.png" : "panoptic_maps/" + tree),
              label_picture(frame, frame.tracks, cityscapes_step_classes()));
    return {};
  }

 private:
  bool flat_;
};

}  // namespace

Image label_picture(const SynthFrame& frame, const IdMap& tracks,
                    const std::vector<ClassInfo>& classes) {
  const auto& categories = frame.categories.values();
  StepMaps maps = {IdMap(frame.categories.size(), 1), IdMap(frame.categories.size(), 1)};
  for (std::size_t i = 0; i < categories.size(); ++i) {
    maps.classes.values()[i] = categories[i];
    if (categories[i] < classes.size() && classes[categories[i]].is_thing)
      maps.tracks.values()[i] = tracks.values()[i];
  }
  return step_picture(maps,
                      fmt::format("frame {} of {} {}", frame.frame, frame.split, frame.sequence));
}

int kitti_step_sequence_number(const std::string& split, int sequence) {
  static constexpr std::array<int, 12> kTrain = {0, 1, 3, 4, 5, 9, 11, 12, 15, 17, 19, 20};
  static constexpr std::array<int, 9> kVal = {2, 6, 7, 8, 10, 13, 14, 16, 18};
  // Beyond the official ones numbers go on from 21, train even and val odd.
  if (split == "train") return sequence < 12 ? kTrain[sequence] : 22 + 2 * (sequence - 12);
  return sequence < 9 ? kVal[sequence] : 21 + 2 * (sequence - 9);
}

std::unique_ptr<DatasetWriter> make_kitti_step_writer(const std::filesystem::path& root) {
  return std::make_unique<KittiStepWriter>(root, false);
}

std::unique_ptr<DatasetWriter> make_kitti_step_flat_writer(const std::filesystem::path& root) {
  return std::make_unique<KittiStepWriter>(root, true);
}

}  // namespace tessera::synth
