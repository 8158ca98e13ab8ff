#include "tessera/data/datasets/custom.h"

#include <yaml-cpp/yaml.h>

#include <set>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/data/file_dataset.h"
#include "tessera/data/step_png.h"

namespace tessera {
namespace {

namespace fs = std::filesystem;

ClassInfo read_class(const YAML::Node& node) {
  ClassInfo info;
  info.id = node["id"].as<int>();
  info.name = node["name"].as<std::string>();
  info.is_thing = node["thing"].as<bool>(false);
  if (node["color"])
    info.color = {node["color"][0].as<std::uint8_t>(), node["color"][1].as<std::uint8_t>(),
                  node["color"][2].as<std::uint8_t>()};
  return info;
}

std::vector<ClassInfo> read_classes(const fs::path& path) {
  std::vector<ClassInfo> classes;
  std::set<int> ids;
  try {
    for (const YAML::Node& node : YAML::Load(read_text_file(path))["classes"]) {
      classes.push_back(read_class(node));
      const int id = classes.back().id;
      if (id < 0 || id >= kStepVoid || !ids.insert(id).second)
        fail("{}: line {}: class id {} must be 0..254 and stand only once", path.string(),
             node.Mark().line + 1, id);
    }
  } catch (const YAML::Exception& error) {
    fail("{}: line {}: {}; expected classes: [{{id: 0, name: road, thing: false}}, ...]",
         path.string(), error.mark.line + 1, error.msg);
  }
  if (classes.empty()) fail("{}: 'classes' is missing or empty", path.string());
  return classes;
}

class Custom : public LabelFileDataset {
 public:
  Custom(const DatasetSpec& spec, ProblemList& problems) {
    classes_ = read_classes(spec.root / "classes.yaml");
    FolderCache folders;
    const fs::path frames = place_below(spec.root, spec.images, "frames");
    const fs::path labels = place_below(spec.root, spec.annotations, "panoptic");
    require_split(folders, frames);
    has_labels_ = !spec.without_labels && folders.has_folder(labels);
    for (const std::string& sequence : sequences(spec, frames, folders)) {
      const fs::path folder = frames / sequence;
      if (!folders.has_folder(folder)) {
        problems.add(ProblemKind::kMissingFile, folder.string());
        continue;
      }
      const bool has_jpeg = !folders.files_ending(folder, ".jpg").empty();
      add_folder_pair({folder, labels / sequence, has_jpeg ? ".jpg" : ".png", ".png", sequence,
                       !sequence.empty()},
                      folders, problems);
    }
    report_gaps(problems);
  }

 private:
  /// Those of splits/<split>.txt, or all there are; "" for pictures that lie in frames/ itself.
  static std::vector<std::string> sequences(const DatasetSpec& spec, const fs::path& frames,
                                            FolderCache& folders) {
    const fs::path list = spec.root / "splits" / (spec.split + ".txt");
    if (folders.has_file(list)) return read_list(list);
    if (folders.has_folder(list.parent_path()) && !spec.split.empty())
      fail("{}: no such file; splits/ has {}", list.string(),
           fmt::join(folders.files(list.parent_path()), ", "));
    std::vector<std::string> names = folders.folders(frames);
    if (names.empty()) names.emplace_back();
    return names;
  }

  void read_labels(std::size_t index, Size picture_size, Sample& sample) const override {
    sample.panoptic = read_step_png(label_path(index), classes_, picture_size);
  }
};

}  // namespace

std::unique_ptr<Dataset> open_custom(const DatasetSpec& spec, ProblemList& problems) {
  return std::make_unique<Custom>(spec, problems);
}

}  // namespace tessera
