// The datasets of video objects: YouTube-VIS 2019 and DAVIS 2017 (unsupervised).
#include <algorithm>
#include <map>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/data/datasets/cityscapes_classes.h"
#include "tessera/data/datasets/youtube_vis_classes.h"
#include "tessera/data/synth/dataset_writer.h"
#include "tessera/image/draw.h"
#include "tessera/image/image_io.h"

namespace tessera::synth {
namespace {

using nlohmann::json;

std::string sequence_name(const SynthFrame& frame) {
  return fmt::format("street-{}-{:03}", frame.split, frame.sequence);
}

class YoutubeVisWriter : public DatasetWriter {
 public:
  using DatasetWriter::DatasetWriter;

  json write(const SynthFrame& frame) const override {
    const std::string picture = fmt::format("{}/{:05}.jpg", sequence_name(frame), frame.frame * 5);
    write_jpeg(file(split_name(frame) + "/JPEGImages/" + picture), frame.image);
    json objects = json::array();
    for (const SynthObject& object : frame.objects) {
      const int category = category_id(object.category);
      if (category == 0) continue;
      const Box box = object.box();
      const Rle mask = rle_encode(frame.tracks, object.track);
      objects.push_back(
          {{"track", object.track},
           {"category", category},
           {"area", object.area},
           {"bbox", {box.x, box.y, box.width, box.height}},
           {"mask", {{"counts", mask.counts}, {"size", {mask.size.height, mask.size.width}}}}});
    }
    return {{"picture", picture}, {"objects", objects}};
  }

  void collect(const SynthFrame& frame, json content) override {
    Split& split = splits_[split_name(frame)];
    if (frame.frame == 0) {
      split.videos.push_back({{"id", frame.sequence + 1},
                              {"width", frame.image.width()},
                              {"height", frame.image.height()},
                              {"length", frame.frames},
                              {"file_names", json::array()}});
      split.first_of_video = split.annotations.size();
      split.of_track.clear();
    }
    split.videos.back()["file_names"].push_back(content["picture"]);
    for (json& object : content["objects"]) {
      const auto track = object["track"].get<std::uint32_t>();
      const auto [entry, is_new] = split.of_track.try_emplace(track, split.annotations.size());
      if (is_new) split.annotations.push_back(new_annotation(frame, object, split));
      json& annotation = split.annotations[entry->second];
      annotation["segmentations"][frame.frame] = std::move(object["mask"]);
      annotation["bboxes"][frame.frame] = std::move(object["bbox"]);
      annotation["areas"][frame.frame] = object["area"];
    }
  }

  void finish() override {
    json categories = json::array();
    for (const ClassInfo& info : youtube_vis_2019_classes())
      categories.push_back({{"id", info.id}, {"name", info.name}, {"supercategory", "object"}});
    for (auto& [name, split] : splits_)
      write_json("annotations/" + name + ".json", {{"info", {{"description", "synthetic street"}}},
                                                   {"videos", split.videos},
                                                   {"annotations", split.annotations},
                                                   {"categories", categories}});
  }

 private:
  struct Split {
    json videos = json::array(), annotations = json::array();
    std::size_t first_of_video = 0;
    std::map<std::uint32_t, std::size_t> of_track;  ///< of the current video
  };

  static std::string split_name(const SynthFrame& frame) {
    return frame.split == "train" ? "train" : "valid";
  }

  static int category_id(int train_id) {
    const std::string& name = cityscapes_classes()[train_id].name;
    const std::string wanted = name == "car"          ? "sedan"
                               : name == "motorcycle" ? "motorbike"
                               : name == "rider"      ? "person"
                                                      : name;
    for (const ClassInfo& info : youtube_vis_2019_classes())
      if (info.name == wanted) return info.id;
    return 0;
  }

  static json new_annotation(const SynthFrame& frame, const json& object, const Split& split) {
    const json absent(static_cast<std::size_t>(frame.frames), nullptr);
    return {{"id", split.annotations.size() + 1},
            {"video_id", frame.sequence + 1},
            {"category_id", object["category"]},
            {"iscrowd", 0},
            {"width", frame.image.width()},
            {"height", frame.image.height()},
            {"length", frame.frames},
            {"segmentations", absent},
            {"bboxes", absent},
            {"areas", absent}};
  }

  std::map<std::string, Split> splits_;
};

class DavisWriter : public DatasetWriter {
 public:
  using DatasetWriter::DatasetWriter;

  void prepare(const SynthFrame& frame) override {
    if (frame.frame != 0) return;
    // The objects of a sequence are those of its first frame; evaluation takes up to 20.
    std::vector<SynthObject> objects = frame.objects;
    std::stable_sort(objects.begin(), objects.end(),
                     [](const SynthObject& a, const SynthObject& b) { return a.area > b.area; });
    objects.resize(std::min<std::size_t>(objects.size(), kMostObjects));
    std::sort(objects.begin(), objects.end(),
              [](const SynthObject& a, const SynthObject& b) { return a.track < b.track; });
    std::map<std::uint32_t, std::uint8_t>& numbers = numbers_[sequence_name(frame)];
    for (const SynthObject& object : objects)
      numbers[object.track] = static_cast<std::uint8_t>(numbers.size() + 1);
    lists_[frame.split] += sequence_name(frame) + "\n";
  }

  json write(const SynthFrame& frame) const override {
    const std::string stem = fmt::format("480p/{}/{:05}", sequence_name(frame), frame.frame);
    const auto& numbers = numbers_.at(sequence_name(frame));
    LabelMap labels(frame.categories.size(), 1);
    for (std::size_t i = 0; i < labels.values().size(); ++i) {
      const auto number = numbers.find(frame.tracks.values()[i]);
      if (number != numbers.end()) labels.values()[i] = number->second;
    }
    write_jpeg(file("JPEGImages/" + stem + ".jpg"), frame.image);
    write_palette_png(file("Annotations_unsupervised/" + stem + ".png"), labels, voc_palette());
    return {};
  }

  void finish() override {
    for (const auto& [split, names] : lists_)
      write_text_file(file("ImageSets/2017/" + split + ".txt"), names);
  }

 private:
  static constexpr std::size_t kMostObjects = 20;

  std::map<std::string, std::map<std::uint32_t, std::uint8_t>> numbers_;
  std::map<std::string, std::string> lists_;
};

}  // namespace

std::unique_ptr<DatasetWriter> make_youtube_vis_writer(const std::filesystem::path& root) {
  return std::make_unique<YoutubeVisWriter>(root);
}

std::unique_ptr<DatasetWriter> make_davis_writer(const std::filesystem::path& root) {
  return std::make_unique<DavisWriter>(root);
}

}  // namespace tessera::synth
