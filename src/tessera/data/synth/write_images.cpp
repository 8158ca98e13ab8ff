// The datasets of single pictures: COCO and ADE20K.
#include <algorithm>
#include <map>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/data/datasets/ade20k_classes.h"
#include "tessera/data/datasets/coco_classes.h"
#include "tessera/data/synth/dataset_writer.h"
#include "tessera/image/image_io.h"

namespace tessera::synth {
namespace {

using nlohmann::json;

/// For every trainId the dataset's own id of the class with that name; 0 for "".
std::vector<int> ids_by_name(const std::vector<ClassInfo>& classes,
                             const std::vector<std::string>& names) {
  std::vector<int> ids;
  for (const ClassInfo* info : classes_by_name(classes, names))
    ids.push_back(info == nullptr ? 0 : info->id);
  return ids;
}

// In order of the trainIds. COCO has no class for poles; traffic lights and signs are things there,
// which the street does not tell apart, so they are void.
const std::vector<std::string> kCocoNames = {"road",
                                             "pavement-merged",
                                             "building-other-merged",
                                             "wall-other-merged",
                                             "fence-merged",
                                             "",
                                             "",
                                             "",
                                             "tree-merged",
                                             "grass-merged",
                                             "sky-other-merged",
                                             "person",
                                             "person",
                                             "car",
                                             "truck",
                                             "bus",
                                             "train",
                                             "motorcycle",
                                             "bicycle"};

class CocoWriter : public DatasetWriter {
 public:
  explicit CocoWriter(const std::filesystem::path& root)
      : DatasetWriter(root), ids_(ids_by_name(coco_classes(), kCocoNames)) {}

  json write(const SynthFrame& frame) const override {
    const std::string name = fmt::format("{:012}", frame.number + 1);
    const std::string folder = frame.split + "2017/";
    write_jpeg(file(folder + name + ".jpg"), frame.image);
    const auto [ids, segments] = segment(frame);
    write_id_png(file("annotations/panoptic_" + folder + name + ".png"), ids);
    json instances = json::array();
    for (const json& item : segments) {
      if (!is_thing(item["category_id"])) continue;
      json instance = item;
      const Rle mask = rle_encode(ids, item["id"].get<std::uint32_t>());
      const json size = {mask.size.height, mask.size.width};
      if (item["iscrowd"] == 1)
        instance["segmentation"] = {{"size", size}, {"counts", mask.counts}};
      else
        instance["segmentation"] = {{"size", size}, {"counts", rle_to_string(mask)}};
      instance["image_id"] = frame.number + 1;
      instances.push_back(std::move(instance));
    }
    return {{"image",
             {{"id", frame.number + 1},
              {"file_name", name + ".jpg"},
              {"width", ids.width()},
              {"height", ids.height()}}},
            {"panoptic",
             {{"image_id", frame.number + 1},
              {"file_name", name + ".png"},
              {"segments_info", segments}}},
            {"instances", instances}};
  }

  void collect(const SynthFrame& frame, json content) override {
    Split& split = splits_[frame.split];
    split.images.push_back(std::move(content["image"]));
    split.panoptic.push_back(std::move(content["panoptic"]));
    for (json& instance : content["instances"]) {
      instance["id"] = split.instances.size() + 1;
      split.instances.push_back(std::move(instance));
    }
  }

  void finish() override {
    const auto [things, all] = coco_categories(coco_classes());
    for (auto& [name, split] : splits_) {
      write_json(
          "annotations/instances_" + name + "2017.json",
          {{"images", split.images}, {"annotations", split.instances}, {"categories", things}});
      write_json("annotations/panoptic_" + name + "2017.json",
                 {{"images", split.images}, {"annotations", split.panoptic}, {"categories", all}});
    }
  }

 private:
  struct Split {
    json images = json::array(), panoptic = json::array(), instances = json::array();
  };

  bool is_thing(int id) const { return id < 92; }

  /// Ids of the panoptic picture and its segments: a stuff class or a crowd of things is one
  /// segment.
  std::pair<IdMap, json> segment(const SynthFrame& frame) const {
    IdMap ids(frame.categories.size(), 1);
    struct Extent {
      int category = 0, left = 0, top = 0, right = 0, bottom = 0;
      bool crowd = false;
      std::int64_t area = 0;
    };
    std::map<std::uint32_t, Extent> extents;
    for (int y = 0; y < ids.height(); ++y)
      for (int x = 0; x < ids.width(); ++x) {
        const std::uint8_t category = frame.categories.at(x, y);
        const int coco = category < ids_.size() ? ids_[category] : 0;
        if (coco == 0) continue;
        const std::uint32_t track = frame.tracks.at(x, y);
        const std::uint32_t id = is_thing(coco) && track > 0 ? 1000 + track : coco;
        ids.at(x, y) = id;
        const auto [entry, is_new] = extents.try_emplace(id);
        Extent& extent = entry->second;
        if (is_new) extent = {coco, x, y, x + 1, y + 1, is_thing(coco) && track == 0, 0};
        ++extent.area;
        extent.left = std::min(extent.left, x);
        extent.right = std::max(extent.right, x + 1);
        extent.bottom = y + 1;
      }
    json segments = json::array();
    for (const auto& [id, e] : extents)
      segments.push_back({{"id", id},
                          {"category_id", e.category},
                          {"area", e.area},
                          {"bbox", {e.left, e.top, e.right - e.left, e.bottom - e.top}},
                          {"iscrowd", e.crowd ? 1 : 0}});
    return {std::move(ids), std::move(segments)};
  }

  std::vector<int> ids_;
  std::map<std::string, Split> splits_;
};

const std::vector<std::string> kAde20kNames = {
    "road",      "sidewalk", "building", "wall",     "fence",  "pole",   "traffic light",
    "signboard", "tree",     "grass",    "sky",      "person", "person", "car",
    "truck",     "bus",      "",         "minibike", "bicycle"};

class Ade20kWriter : public DatasetWriter {
 public:
  explicit Ade20kWriter(const std::filesystem::path& root)
      : DatasetWriter(root), ids_(ids_by_name(ade20k_classes(), kAde20kNames)) {}

  json write(const SynthFrame& frame) const override {
    const bool train = frame.split == "train";
    const std::string stem = fmt::format("{}/ADE_{}_{:08}", train ? "training" : "validation",
                                         frame.split, frame.number + 1);
    LabelMap labels(frame.categories.size(), 1);
    for (std::size_t i = 0; i < labels.values().size(); ++i) {
      const std::uint8_t category = frame.categories.values()[i];
      labels.values()[i] = static_cast<std::uint8_t>(category < ids_.size() ? ids_[category] : 0);
    }
    write_jpeg(file("images/" + stem + ".jpg"), frame.image);
    write_png(file("annotations/" + stem + ".png"), labels);
    return {};
  }

 private:
  std::vector<int> ids_;
};

}  // namespace

std::unique_ptr<DatasetWriter> make_coco_writer(const std::filesystem::path& root) {
  return std::make_unique<CocoWriter>(root);
}

std::unique_ptr<DatasetWriter> make_ade20k_writer(const std::filesystem::path& root) {
  return std::make_unique<Ade20kWriter>(root);
}

}  // namespace tessera::synth
