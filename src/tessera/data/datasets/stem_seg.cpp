#include "tessera/data/datasets/stem_seg.h"

#include <unordered_map>

#include "tessera/core/error.h"
#include "tessera/data/coco_json.h"
#include "tessera/data/file_dataset.h"
#include "tessera/data/label_coding.h"

namespace tessera {
namespace {

namespace fs = std::filesystem;

class StemSeg : public FileDataset {
 public:
  StemSeg(const DatasetSpec& spec, ProblemList& problems)
      : file_(place_below(spec.root, spec.annotations, spec.split + ".json")),
        pictures_(spec.root / spec.images) {
    has_labels_ = false;
    read_classes();
    file_.for_each("images", [&](const JsonValue& image, std::string_view text) {
      add("", 0, image.text("image_path"), image, text, problems);
      has_labels_ = has_labels_ || image.find("segmentations").has_value();
    });
    file_.for_each("sequences", [&](const JsonValue& sequence, std::string_view text) {
      int frame = 0;
      for (const JsonValue& path : sequence.at("image_paths").as_list("image_paths"))
        add(sequence.text("id"), frame++, path.as_text("image_paths"), sequence, text, problems);
      has_labels_ = has_labels_ || sequence.find("segmentations").has_value();
    });
    has_labels_ = has_labels_ && !spec.without_labels;
  }

 private:
  void read_classes() {
    JsonParser parser;
    const JsonValue meta = parser.parse(file_.text("meta"));
    for (const auto& [id, name] : meta.at("category_labels").members("category_labels")) {
      ClassInfo info;
      info.id = std::stoi(id);
      info.name = name.as_text("category_labels");
      info.is_thing = true;
      classes_.push_back(info);
    }
    index_of_class_ = index_by_id(classes_);
  }

  void add(const std::string& sequence, int frame, const std::string& path, const JsonValue& owner,
           std::string_view text, ProblemList& problems) {
    const fs::path picture = pictures_ / path;
    if (!folders_.has_file(picture)) problems.add(ProblemKind::kMissingFile, picture.string());
    add_frame(sequence, frame, fs::path(path).replace_extension().string(), picture);
    sizes_.push_back(
        {static_cast<int>(owner.integer("width")), static_cast<int>(owner.integer("height"))});
    texts_.push_back(text);
  }

  Instance make_instance(std::int64_t category, std::int64_t track, const JsonValue& counts,
                         Size size) const {
    const auto index = index_of_class_.find(category);
    if (index == index_of_class_.end())
      fail_as(ProblemKind::kUnknownClass, "category {} is not in meta.category_labels", category);
    Instance instance;
    instance.category = index->second;
    instance.track_id = track;
    instance.mask = rle_from_string(counts.as_text("segmentations"), size);
    instance.area = static_cast<double>(rle_area(instance.mask));
    instance.box = rle_box(instance.mask);
    return instance;
  }

  void read_picture(const JsonValue& image, Size size, Sample& sample) const {
    const auto categories = image.at("categories").as_list("categories");
    const auto masks = image.at("segmentations").as_list("segmentations");
    if (categories.size() != masks.size())
      fail("{} categories, but {} segmentations", categories.size(), masks.size());
    for (std::size_t i = 0; i < masks.size(); ++i)
      sample.instances.push_back(
          make_instance(categories[i].as_integer("categories"), -1, masks[i], size));
    if (const auto ignored = image.find("ignore"))
      sample.ignored = rle_decode(rle_from_string(ignored->as_text("ignore"), size));
  }

  void read_frame(const JsonValue& sequence, std::size_t position, Size size,
                  Sample& sample) const {
    const JsonValue categories = sequence.at("categories");
    const auto frames = sequence.at("segmentations").as_list("segmentations");
    if (position >= frames.size())
      fail("segmentations has {} frames, image_paths more", frames.size());
    for (const auto& [id, counts] : frames[position].members("segmentations"))
      sample.instances.push_back(
          make_instance(categories.integer(id), std::stoll(id), counts, size));
  }

  void read_labels(std::size_t index, Size picture_size, Sample& sample) const override {
    check_same_size(picture_size, sizes_[index], file_.path().string());
    file_.read_at(texts_[index], [&] {
      JsonParser parser;
      const JsonValue owner = parser.parse(texts_[index]);
      if (frames_[index].key.sequence.empty())
        read_picture(owner, picture_size, sample);
      else
        read_frame(owner, static_cast<std::size_t>(frames_[index].key.frame), picture_size, sample);
    });
  }

  JsonFile file_;
  fs::path pictures_;
  FolderCache folders_;
  std::vector<Size> sizes_;
  std::vector<std::string_view> texts_;  // of each frame: its picture's or its sequence's entry
  std::unordered_map<std::int64_t, int> index_of_class_;
};

}  // namespace

std::unique_ptr<Dataset> open_stem_seg(const DatasetSpec& spec, ProblemList& problems) {
  return std::make_unique<StemSeg>(spec, problems);
}

}  // namespace tessera
