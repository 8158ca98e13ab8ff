#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/core/progress.h"
#include "tessera/core/thread_pool.h"
#include "tessera/data/datasets/vipseg_classes.h"
#include "tessera/data/file_dataset.h"
#include "tessera/data/prepare/pil_resize.h"
#include "tessera/data/prepare/place_file.h"
#include "tessera/data/prepare/segment_colors.h"
#include "tessera/image/image_io.h"

namespace tessera {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

constexpr int kRows = 720;
constexpr int kJpegQuality = 75;  // PIL's default

/// The category of a value of the masks; nothing for void and for 200, a known mistake.
std::optional<int> category_of(int value) {
  constexpr int kMistake = 200, kLastPlain = 124;
  if (value == 0 || value == kMistake) return std::nullopt;
  const int category = value <= kLastPlain ? value - 1 : value / 100 - 1;
  if (category >= static_cast<int>(vipseg_classes().size()))
    fail("value {} stands for the unknown class {}", value, category);
  return category;
}

struct Frame {
  std::string video, stem;
};

void shrink_frame(const Frame& frame, const PrepareOptions& options) {
  const fs::path inner = fs::path(frame.video) / frame.stem;
  const fs::path picture = options.destination / "images" / (inner.string() + ".jpg");
  const fs::path mask = options.destination / "panomasks" / (inner.string() + ".png");
  if (fs::exists(picture) && fs::exists(mask)) return;
  const Image image = read_image(options.source / "imgs" / (inner.string() + ".jpg"));
  const Size size{kRows * image.width() / image.height(), kRows};
  write_jpeg(picture, pil_resize_bilinear(image, size), kJpegQuality);
  const Image16 labels = read_label16_png(options.source / "panomasks" / (inner.string() + ".png"));
  write_png(mask, pil_resize_nearest(labels, size));
}

/// Writes the coloured masks of a video and returns its entries for the JSON files.
std::pair<ordered_json, ordered_json> color_video(const std::string& video,
                                                  const std::vector<std::string>& stems,
                                                  const PrepareOptions& options) {
  const std::vector<ClassInfo>& classes = vipseg_classes();
  SegmentColors colors(classes, Random(options.seed).fork(video));
  std::map<int, Color> color_of;  // kept through the video
  ordered_json images = ordered_json::array(), annotations = ordered_json::array();
  for (const std::string& stem : stems) {
    const fs::path from = options.destination / "panomasks" / video / (stem + ".png");
    const Image16 labels = read_label16_png(from);
    std::map<int, std::int64_t> areas;
    for (const std::uint16_t value : labels.values()) ++areas[value];
    ordered_json segments = ordered_json::array();
    std::map<int, std::uint32_t> id_of;
    with_context(from.string(), [&] {
      for (const auto& [value, area] : areas) {
        const std::optional<int> category = category_of(value);
        if (!category) continue;
        if (!color_of.contains(value)) color_of[value] = colors.next(classes[*category]);
        id_of[value] = id_of_color(color_of[value]);
        segments.push_back(
            {{"id", id_of[value]}, {"category_id", *category}, {"iscrowd", 0}, {"area", area}});
      }
    });
    IdMap ids(labels.size(), 1);
    for (std::size_t i = 0; i < ids.values().size(); ++i) {
      const auto id = id_of.find(labels.values()[i]);
      ids.values()[i] = id == id_of.end() ? 0 : id->second;
    }
    const std::string name = stem + ".png";
    write_id_png(options.destination / "panomasksRGB" / video / name, ids);
    images.push_back({{"id", stem},
                      {"width", labels.width()},
                      {"height", labels.height()},
                      {"file_name", name}});
    annotations.push_back({{"image_id", stem}, {"file_name", name}, {"segments_info", segments}});
  }
  return {{{"video_id", video}, {"images", images}},
          {{"video_id", video}, {"annotations", annotations}}};
}

ordered_json describe_categories() {
  ordered_json list = ordered_json::array();
  for (const ClassInfo& info : vipseg_classes())
    list.push_back({{"id", info.id},
                    {"name", info.name},
                    {"isthing", info.is_thing ? 1 : 0},
                    {"color", info.color}});
  return list;
}

void write_json(const fs::path& path, const std::vector<ordered_json>& videos,
                const std::vector<ordered_json>& annotations) {
  const ordered_json document = {
      {"videos", videos}, {"annotations", annotations}, {"categories", describe_categories()}};
  write_text_file(path, document.dump());
}

}  // namespace

void prepare_vipseg(const PrepareOptions& options) {
  FolderCache folders;
  const fs::path masks = options.source / "panomasks";
  require_split(folders, options.source / "imgs");
  require_split(folders, masks);
  ProblemList problems;
  std::vector<Frame> frames;
  std::map<std::string, std::vector<std::string>> stems;
  for (const std::string& video : folders.folders(masks)) {
    const fs::path pictures = options.source / "imgs" / video;
    for (const std::string& name : folders.files_ending(masks / video, ".png")) {
      const std::string stem = fs::path(name).stem().string();
      if (!folders.has_file(pictures / (stem + ".jpg")))
        problems.add(ProblemKind::kMissingPicture, (masks / video / name).string());
      frames.push_back({video, stem});
      stems[video].push_back(stem);
    }
    for (const std::string& name : folders.files_ending(pictures, ".jpg"))
      if (!folders.has_file(masks / video / fs::path(name).replace_extension(".png")))
        problems.add(ProblemKind::kMissingLabels, (pictures / name).string());
  }
  if (!problems.empty()) fail("{}: {}", options.source.string(), problems.summary());
  for (const auto& [video, list] : stems)
    for (const char* kind : {"images", "panomasks", "panomasksRGB"})
      make_directories(options.destination / kind / video);
  Progress shrinking("720 rows", frames.size(), "frames");
  parallel_for(frames.size(), options.threads, [&](std::size_t i, int) {
    shrink_frame(frames[i], options);
    shrinking.advance();
  });

  std::vector<std::string> names;
  for (const auto& [video, list] : stems) names.push_back(video);
  std::vector<ordered_json> videos(names.size()), annotations(names.size());
  Progress coloring("panomasksRGB", names.size(), "videos");
  parallel_for(names.size(), options.threads, [&](std::size_t i, int) {
    std::tie(videos[i], annotations[i]) = color_video(names[i], stems[names[i]], options);
    coloring.advance();
  });
  write_json(options.destination / "panoptic_gt_VIPSeg.json", videos, annotations);
  const char* categories = "panoVIPSeg_categories.json";
  if (folders.has_file(options.source / categories))
    place_file(options.source / categories, options.destination / categories, options.placing);
  for (const std::string split : {"train", "val", "test"}) {
    const fs::path list = options.source / (split + ".txt");
    if (!folders.has_file(list)) continue;
    place_file(list, options.destination / (split + ".txt"), options.placing);
    if (split == "test") continue;  // has no masks
    const std::vector<std::string> wanted = read_list(list);
    std::vector<ordered_json> split_videos, split_annotations;
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (std::find(wanted.begin(), wanted.end(), names[i]) == wanted.end()) continue;
      split_videos.push_back(videos[i]);
      split_annotations.push_back(annotations[i]);
    }
    write_json(options.destination / ("panoptic_gt_VIPSeg_" + split + ".json"), split_videos,
               split_annotations);
  }
}

}  // namespace tessera
