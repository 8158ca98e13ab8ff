#include "tessera/data/synth/dataset_writer.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/core/text.h"
#include "tessera/image/image_io.h"

namespace tessera::synth {
namespace fs = std::filesystem;
namespace {

using MakeWriter = std::unique_ptr<DatasetWriter> (*)(const fs::path& root, int frames);

/// For the formats that hold sequences of any length.
template <std::unique_ptr<DatasetWriter> (*make)(const fs::path& root)>
std::unique_ptr<DatasetWriter> of_any_length(const fs::path& root, int) {
  return make(root);
}

constexpr std::pair<std::string_view, MakeWriter> kWriters[] = {
    {"kitti-step", of_any_length<make_kitti_step_writer>},
    {"kitti-step-flat", of_any_length<make_kitti_step_flat_writer>},
    {"ade20k", of_any_length<make_ade20k_writer>},
    {"cityscapes", of_any_length<make_cityscapes_writer>},
    {"cityscapes-vps", make_cityscapes_vps_writer},
    {"coco", of_any_length<make_coco_writer>},
    {"custom", of_any_length<make_custom_writer>},
    {"davis", of_any_length<make_davis_writer>},
    {"kitti-mots", of_any_length<make_kitti_mots_writer>},
    {"mapillary", of_any_length<make_mapillary_writer>},
    {"pascal-voc", of_any_length<make_pascal_voc_writer>},
    {"vipseg", of_any_length<make_vipseg_writer>},
    {"youtube-vis", of_any_length<make_youtube_vis_writer>},
};

}  // namespace

fs::path DatasetWriter::file(const fs::path& relative) const {
  const fs::path path = root_ / relative;
  make_directories(path.parent_path());
  return path;
}

void DatasetWriter::write_picture(const fs::path& relative, const Image& image) const {
  constexpr int kFastest = 1;
  write_png(file(relative), image, kFastest);
}

void DatasetWriter::write_json(const fs::path& relative, const nlohmann::json& content) const {
  write_text_file(file(relative), content.dump());
}

std::vector<std::string> synth_format_names() {
  std::vector<std::string> names;
  for (const auto& [name, make] : kWriters) names.emplace_back(name);
  return names;
}

std::unique_ptr<DatasetWriter> make_dataset_writer(std::string_view format, const fs::path& root,
                                                   int frames) {
  for (const auto& [name, make] : kWriters)
    if (name == format) return make(root, frames);
  throw UsageError(fmt::format("unknown format '{}'{}; expected one of {}", format,
                               did_you_mean(format, synth_format_names()),
                               fmt::join(synth_format_names(), ", ")));
}

CocoCategories coco_categories(const std::vector<ClassInfo>& classes) {
  CocoCategories categories = {nlohmann::json::array(), nlohmann::json::array()};
  for (const ClassInfo& info : classes) {
    categories.all.push_back({{"id", info.id},
                              {"name", info.name},
                              {"supercategory", info.name},
                              {"isthing", info.is_thing ? 1 : 0},
                              {"color", info.color}});
    if (info.is_thing)
      categories.things.push_back(
          {{"id", info.id}, {"name", info.name}, {"supercategory", info.name}});
  }
  return categories;
}

std::vector<const ClassInfo*> classes_by_name(const std::vector<ClassInfo>& classes,
                                              const std::vector<std::string>& names) {
  std::vector<const ClassInfo*> found;
  for (const std::string& name : names) {
    const auto info = std::find_if(classes.begin(), classes.end(),
                                   [&](const ClassInfo& known) { return known.name == name; });
    if (info == classes.end() && !name.empty()) fail("no class '{}'", name);
    found.push_back(info == classes.end() ? nullptr : &*info);
  }
  return found;
}

}  // namespace tessera::synth
