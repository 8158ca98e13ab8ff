// VIPSeg as it is released: imgs/, panomasks/ and the lists of videos.
#include <map>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/data/datasets/vipseg_classes.h"
#include "tessera/data/synth/dataset_writer.h"
#include "tessera/image/image_io.h"

namespace tessera::synth {
namespace {

// In order of the trainIds; riders are persons, and traffic signs have no class of their own.
const std::vector<std::string> kVipsegNames = {
    "road", "path",          "building",   "wall",   "handrail_or_fence",
    "pole", "traffic_light", "",           "tree",   "grass",
    "sky",  "person",        "person",     "car",    "truck",
    "bus",  "train",         "motorcycle", "bicycle"};
constexpr int kMostOfClass = 100;

class VipsegWriter : public DatasetWriter {
 public:
  explicit VipsegWriter(const std::filesystem::path& root)
      : DatasetWriter(root), classes_(classes_by_name(vipseg_classes(), kVipsegNames)) {}

  /// Objects are numbered within their class and video.
  void prepare(const SynthFrame& frame) override {
    Numbers& numbers = numbers_[video_name(frame)];
    for (const SynthObject& object : frame.objects) {
      if (classes_[object.category] == nullptr || numbers.of_track.contains(object.track)) continue;
      const int id = classes_[object.category]->id;
      if (numbers.count[id] >= kMostOfClass)
        fail("VIPSeg holds at most {} objects of a class in a video; use fewer frames",
             kMostOfClass);
      numbers.of_track[object.track] = numbers.count[id]++;
    }
    if (frame.frame == 0) lists_[frame.split] += video_name(frame) + "\n";
  }

  nlohmann::json write(const SynthFrame& frame) const override {
    const std::string stem = fmt::format("{}/{:08}", video_name(frame), frame.frame);
    const Numbers& numbers = numbers_.at(video_name(frame));
    Image16 values(frame.categories.size(), 1);
    for (std::size_t i = 0; i < values.values().size(); ++i) {
      const std::uint8_t category = frame.categories.values()[i];
      const ClassInfo* info = category < classes_.size() ? classes_[category] : nullptr;
      if (info == nullptr) continue;
      const auto number = numbers.of_track.find(frame.tracks.values()[i]);
      if (!info->is_thing)
        values.values()[i] = static_cast<std::uint16_t>(info->id + 1);
      else if (number != numbers.of_track.end())
        values.values()[i] = static_cast<std::uint16_t>((info->id + 1) * 100 + number->second);
    }
    write_jpeg(file("imgs/" + stem + ".jpg"), frame.image);
    write_png(file("panomasks/" + stem + ".png"), values);
    return {};
  }

  void finish() override {
    for (const auto& [split, list] : lists_) write_text_file(file(split + ".txt"), list);
  }

 private:
  struct Numbers {
    std::map<std::uint32_t, int> of_track;
    std::map<int, int> count;  ///< of each class
  };

  static std::string video_name(const SynthFrame& frame) {
    return fmt::format("{}_street-{}", frame.sequence, frame.split);
  }

  std::vector<const ClassInfo*> classes_;
  std::map<std::string, Numbers> numbers_;
  std::map<std::string, std::string> lists_;
};

}  // namespace

std::unique_ptr<DatasetWriter> make_vipseg_writer(const std::filesystem::path& root) {
  return std::make_unique<VipsegWriter>(root);
}

}  // namespace tessera::synth
