// Cityscapes-VPS: every 5th frame of each video is labelled.
#include <algorithm>
#include <map>
#include <set>

#include "tessera/core/error.h"
#include "tessera/core/random.h"
#include "tessera/data/datasets/cityscapes_classes.h"
#include "tessera/data/synth/dataset_writer.h"
#include "tessera/image/image_io.h"

namespace tessera::synth {
namespace {

using nlohmann::json;

constexpr int kLabelEvery = 5;
constexpr int kCityscapesFrame = 19;  ///< this one is labelled by Cityscapes itself, and named so
constexpr int kVideoFrames = 30;
constexpr int kVideoDivisor = 10000;

bool is_labelled(const SynthFrame& frame) { return frame.frame % kLabelEvery == kLabelEvery - 1; }

bool is_thing(int category) {
  return category < kCityscapesClasses && cityscapes_classes()[category].is_thing;
}

struct Names {
  std::string id;       ///< without what the file is
  std::string picture;  ///< file names
  std::string labels, instances;
  std::string sequence_picture;  ///< in Cityscapes' leftImg8bit_sequence
};

Names names_of(const SynthFrame& frame) {
  // The number runs over the labelled frames of the split; the frames before each one share it.
  const int number = frame.sequence * (frame.frames / kLabelEvery) + frame.frame / kLabelEvery;
  const std::string name =
      fmt::format("street{}_{:06}_{:06}", frame.split, frame.sequence, frame.frame);
  const std::string id = fmt::format("{:04}_{:04}_{}", frame.sequence, number, name);
  const std::string sequence_picture = name + "_leftImg8bit.png";
  if (frame.frame % kVideoFrames == kCityscapesFrame)
    return {id, id + "_leftImg8bit.png", id + "_gtFine_color.png", id + "_gtFine_instanceIds.png",
            sequence_picture};
  return {id, id + "_newImg8bit.png", id + "_final_mask.png", id + "_final_mask.png",
          sequence_picture};
}

/// The lists for training number their pictures: 0005_0025_... is 50025.
int numeric_id(const std::string& id) {
  return std::stoi(id.substr(0, 4)) * kVideoDivisor + std::stoi(id.substr(5, 4));
}

std::uint32_t pack(const ClassInfo& info) {
  return info.color[0] + 256u * info.color[1] + 65536u * info.color[2];
}

class CityscapesVpsWriter : public DatasetWriter {
 public:
  using DatasetWriter::DatasetWriter;

  /// Every object gets a colour near its class's that nothing else in its video has.
  void prepare(const SynthFrame& frame) override {
    Colors& colors = colors_[{frame.split, frame.sequence}];
    if (frame.frame == 0)
      for (const ClassInfo& info : cityscapes_classes()) colors.used.insert(pack(info));
    for (const SynthObject& object : frame.objects) {
      if (object.track > kMostTracks)
        fail("Cityscapes-VPS holds at most {} objects a video; use fewer frames", kMostTracks);
      if (colors.of_track.count(object.track) > 0) continue;
      const ClassInfo& info = cityscapes_classes()[object.category];
      Random random = Random(object.track);
      std::uint32_t id = 0;
      do {
        id = 0;
        for (int c = 2; c >= 0; --c) {
          const auto near = info.color[c] + random.uniform_int(-35, 35);
          id = id * 256 + static_cast<std::uint32_t>(std::clamp<std::int64_t>(near, 1, 255));
        }
      } while (!colors.used.insert(id).second);
      colors.of_track[object.track] = id;
    }
  }

  json write(const SynthFrame& frame) const override {
    const Names names = names_of(frame);
    const std::string split = frame.split + "/";
    if (frame.split == "val")
      write_picture(split + "img_all/" + names.sequence_picture, frame.image);
    json image = {{"id", names.id},
                  {"file_name", names.picture},
                  {"width", frame.image.width()},
                  {"height", frame.image.height()}};
    json listed = image;  // among all frames, which are numbered from 1 in each video
    listed["id"] = frame.sequence * kVideoDivisor + frame.frame + 1;
    listed["file_name"] = names.sequence_picture;
    if (!is_labelled(frame)) return {{"listed", std::move(listed)}};
    write_picture(split + "img/" + names.picture, frame.image);
    write_label_pictures(frame, names);
    return {{"listed", std::move(listed)},
            {"image", std::move(image)},
            {"panoptic", write_panoptic(frame, names)},
            {"instances", describe_instances(frame)}};
  }

  void collect(const SynthFrame& frame, json content) override {
    Split& split = splits_[frame.split];
    split.all_images.push_back(std::move(content["listed"]));
    if (!is_labelled(frame)) return;
    const int number = numeric_id(content["image"]["id"]);
    split.panoptic.push_back(std::move(content["panoptic"]));
    for (json& instance : content["instances"]) {
      instance["id"] = split.instances.size() + 1;
      instance["image_id"] = number;
      split.instances.push_back(std::move(instance));
    }
    split.images.push_back(std::move(content["image"]));
  }

  void finish() override {
    const auto [things, all] = coco_categories(cityscapes_classes());
    for (auto& [name, split] : splits_) {
      const std::string ending = name + "_city_vps";
      json numbered = split.images;
      for (json& image : numbered) image["id"] = numeric_id(image["id"]);
      write_json("panoptic_im_" + ending + ".json",
                 {{"images", split.images}, {"categories", all}});
      write_json("instances_" + ending + "_rle.json",
                 {{"images", numbered}, {"annotations", split.instances}, {"categories", things}});
      if (name != "val") continue;
      write_json("im_all_info_" + ending + ".json",
                 {{"images", split.all_images}, {"categories", all}});
      write_json("panoptic_gt_" + ending + ".json",
                 {{"images", split.images}, {"annotations", split.panoptic}, {"categories", all}});
    }
  }

 private:
  static constexpr std::uint32_t kMostTracks = 999;
  struct Colors {
    std::map<std::uint32_t, std::uint32_t> of_track;
    std::set<std::uint32_t> used;
  };
  struct Split {
    json images = json::array(), all_images = json::array(), panoptic = json::array(),
         instances = json::array();
  };

  void write_label_pictures(const SynthFrame& frame, const Names& names) const {
    const Size size = frame.categories.size();
    Image colors(size, 3);
    Image16 instances(size, 1), panoptic(size, 1);
    for (int y = 0; y < size.height; ++y)
      for (int x = 0; x < size.width; ++x) {
        const int category = frame.categories.at(x, y);
        const std::uint32_t track = frame.tracks.at(x, y);
        if (category == kCityscapesVoid) {
          panoptic.at(x, y) = kCityscapesVoid;
          continue;
        }
        const ClassInfo& info = cityscapes_classes()[category];
        for (int c = 0; c < 3; ++c) colors.at(x, y, c) = info.color[c];
        const int label = cityscapes_label_id(category);
        instances.at(x, y) = static_cast<std::uint16_t>(track > 0 ? label * 1000 + track : label);
        panoptic.at(x, y) = static_cast<std::uint16_t>(track > 0       ? category * 1000 + track
                                                       : info.is_thing ? kCityscapesVoid
                                                                       : category);
      }
    const std::string split = frame.split + "/";
    write_png(file(split + "cls/" + names.labels), colors);
    write_png(file(split + "inst/" + names.instances), instances);
    write_png(file(split + "labelmap/" + names.labels), frame.categories);
    write_png(file(split + "panoptic_inst/" + names.labels), panoptic);
  }

  /// The panoptic video picture and its segments; a group of things is void.
  json write_panoptic(const SynthFrame& frame, const Names& names) const {
    const Colors& colors = colors_.at({frame.split, frame.sequence});
    IdMap ids(frame.categories.size(), 1);
    struct Extent {
      int category = 0, left = 0, top = 0, right = 0, bottom = 0;
      std::int64_t area = 0;
    };
    std::map<std::uint32_t, Extent> extents;
    for (int y = 0; y < ids.height(); ++y)
      for (int x = 0; x < ids.width(); ++x) {
        const int category = frame.categories.at(x, y);
        const std::uint32_t track = frame.tracks.at(x, y);
        if (category == kCityscapesVoid || (is_thing(category) && track == 0)) continue;
        const std::uint32_t id =
            track > 0 ? colors.of_track.at(track) : pack(cityscapes_classes()[category]);
        ids.at(x, y) = id;
        const auto [entry, is_new] = extents.try_emplace(id, Extent{category, x, y, x, y, 0});
        Extent& extent = entry->second;
        ++extent.area;
        extent.left = std::min(extent.left, x);
        extent.right = std::max(extent.right, x);
        extent.bottom = y;
      }
    if (frame.split == "val") write_id_png(file("val/panoptic_video/" + names.labels), ids);
    json segments = json::array();
    for (const auto& [id, e] : extents)
      segments.push_back({{"id", id},
                          {"category_id", e.category},
                          {"iscrowd", 0},
                          {"bbox", {e.left, e.top, e.right - e.left, e.bottom - e.top}},
                          {"area", e.area}});
    return {{"image_id", names.id}, {"file_name", names.labels}, {"segments_info", segments}};
  }

  static json describe_instances(const SynthFrame& frame) {
    json instances = json::array();
    for (const SynthObject& object : frame.objects) {
      const Rle mask = rle_encode(frame.tracks, object.track);
      const Box box = object.box();
      instances.push_back(
          {{"category_id", object.category},
           {"inst_id", object.track},
           {"area", object.area},
           {"bbox", {box.x, box.y, box.width, box.height}},
           {"iscrowd", 0},
           {"segmentation",
            {{"size", {mask.size.height, mask.size.width}}, {"counts", rle_to_string(mask)}}}});
    }
    return instances;
  }

  std::map<std::pair<std::string, int>, Colors> colors_;
  std::map<std::string, Split> splits_;
};

}  // namespace

std::unique_ptr<DatasetWriter> make_cityscapes_vps_writer(const std::filesystem::path& root,
                                                          int frames) {
  if (frames % kLabelEvery != 0)
    throw UsageError(
        fmt::format("cityscapes-vps labels every {}th frame: --frames {} must be a multiple of {} "
                    "({} officially)",
                    kLabelEvery, frames, kLabelEvery, kVideoFrames));
  return std::make_unique<CityscapesVpsWriter>(root);
}

}  // namespace tessera::synth
