#include <unordered_map>

#include <spdlog/spdlog.h>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/core/interrupt.h"
#include "tessera/core/json.h"
#include "tessera/data/folder_cache.h"
#include "tessera/data/prepare/prepare.h"

namespace tessera {
namespace {

namespace fs = std::filesystem;

/// Appends `item` to a JSON list that is being written.
void append(std::string& list, const std::string& item) {
  if (!list.empty()) list += ", ";
  list += item;
}

/// One split's converted lists, in the text they are written as.
class Converter {
 public:
  explicit Converter(const fs::path& official) : file_(official) {}

  void convert() {
    std::unordered_map<std::int64_t, std::vector<std::string_view>> by_video;
    file_.for_each("annotations", [&](const JsonValue& annotation, std::string_view text) {
      has_annotations_ = true;
      by_video[annotation.integer("video_id")].push_back(text);
    });
    file_.for_each("videos", [&](const JsonValue& video, std::string_view) {
      check_interrupt();
      convert_video(video, by_video[video.integer("id")]);
    });
  }

  void write(const fs::path& path) const {
    AtomicFile file(path);
    file.write("{\"categories\": ");
    file.write(file_.text("categories"));
    file.write(", \"videos\": [");
    file.write(videos_);
    file.write("], \"images\": [");
    file.write(images_);
    file.write("]");
    if (has_annotations_) {
      file.write(", \"annotations\": [");
      file.write(annotations_);
      file.write("]");
    }
    file.write("}");
    file.commit();
  }

 private:
  void convert_video(const JsonValue& video, const std::vector<std::string_view>& texts) {
    const std::int64_t id = video.integer("id");
    const auto names = video.at("file_names").as_list("file_names");
    if (names.empty()) fail("file_names is empty");
    const std::string folder = fs::path(names[0].as_text("file_names")).begin()->string();
    append(videos_, fmt::format("{{\"id\": {}, \"name\": \"{}\"}}", id, folder));

    std::vector<JsonParser> parsers(texts.size());
    std::vector<JsonValue> objects;
    for (std::size_t i = 0; i < texts.size(); ++i) objects.push_back(parsers[i].parse(texts[i]));
    std::vector<std::int64_t> instance_ids(objects.size(), 0);
    for (std::size_t frame = 0; frame < names.size(); ++frame) {
      append(images_, fmt::format("{{\"file_name\": \"{}\", \"height\": {}, \"width\": {}, \"id\": "
                                  "{}, \"frame_id\": {}, \"video_id\": {}}}",
                                  names[frame].as_text("file_names"), video.integer("height"),
                                  video.integer("width"), ++image_id_, frame, id));
      for (std::size_t i = 0; i < objects.size(); ++i)
        convert_object(objects[i], frame, id, instance_ids[i]);
    }
  }

  /// Numbers an object when it is first seen; nothing where it isn't visible.
  void convert_object(const JsonValue& object, std::size_t frame, std::int64_t video,
                      std::int64_t& instance_id) {
    const auto element = [&](const char* key) {
      const auto list = object.at(key).as_list(key);
      if (frame >= list.size())
        fail("annotation {}: {} is shorter than its video", object.integer("id"), key);
      return list[frame];
    };
    const JsonValue box = element("bboxes");
    if (box.is_null()) return;
    if (instance_id == 0) instance_id = ++last_instance_id_;
    append(annotations_,
           fmt::format("{{\"id\": {}, \"video_id\": {}, \"image_id\": {}, \"category_id\": {}, "
                       "\"instance_id\": {}, \"bbox\": {}, \"segmentation\": {}, \"area\": {}, "
                       "\"iscrowd\": {}}}",
                       ++annotation_id_, video, image_id_, object.integer("category_id"),
                       instance_id, box.to_json(), element("segmentations").to_json(),
                       element("areas").to_json(), object.at("iscrowd").to_json()));
  }

  JsonFile file_;
  bool has_annotations_ = false;
  std::string videos_, images_, annotations_;
  std::int64_t image_id_ = 0, annotation_id_ = 0, last_instance_id_ = 0;
};

}  // namespace

void prepare_youtube_vis(const PrepareOptions& options) {
  FolderCache folders;
  int converted = 0;
  for (const std::string split : {"train", "valid", "test"}) {
    const fs::path of_2019 = options.source / "annotations" / (split + ".json");
    const fs::path of_2021 = options.source / split / "instances.json";
    const bool is_2019 = folders.has_file(of_2019);
    if (!is_2019 && !folders.has_file(of_2021)) continue;
    Converter converter(is_2019 ? of_2019 : of_2021);
    converter.convert();
    const fs::path annotations = options.destination / "annotations";
    make_directories(annotations);
    const fs::path path =
        annotations / fmt::format("youtube_vis_{}_{}.json", is_2019 ? 2019 : 2021, split);
    converter.write(path);
    spdlog::info("wrote {}", path.string());
    ++converted;
  }
  if (converted == 0)
    fail("{}: found neither annotations/<split>.json (2019) nor <split>/instances.json (2021)",
         options.source.string());
}

}  // namespace tessera
