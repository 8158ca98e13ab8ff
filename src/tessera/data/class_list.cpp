#include "tessera/data/class_list.h"

#include <fmt/ranges.h>
#include <yaml-cpp/yaml.h>

#include <map>
#include <set>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/core/text.h"
#include "tessera/data/datasets/ade20k_classes.h"
#include "tessera/data/datasets/cityscapes_classes.h"
#include "tessera/data/datasets/coco_classes.h"
#include "tessera/data/datasets/pascal_voc_classes.h"
#include "tessera/data/datasets/vipseg_classes.h"
#include "tessera/data/datasets/youtube_vis_classes.h"

namespace tessera {
namespace {

constexpr int kVoid = 255;

std::vector<ClassInfo> coco_things() {
  std::vector<ClassInfo> things;
  for (const ClassInfo& info : coco_classes())
    if (info.is_thing) things.push_back(info);
  return things;
}

const std::map<std::string, std::vector<ClassInfo>>& known_lists() {
  static const std::map<std::string, std::vector<ClassInfo>> kLists = {
      {"ade20k", ade20k_classes()},
      {"cityscapes", cityscapes_classes()},
      {"coco", coco_things()},
      {"coco-panoptic", coco_classes()},
      {"kitti-step", cityscapes_step_classes()},
      {"pascal-voc", pascal_voc_classes()},
      {"vipseg", vipseg_classes()},
      {"youtube-vis-2019", youtube_vis_2019_classes()},
      {"youtube-vis-2021", youtube_vis_2021_classes()},
  };
  return kLists;
}

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

}  // namespace

std::vector<ClassInfo> read_class_list(const std::filesystem::path& path) {
  std::vector<ClassInfo> classes;
  std::set<int> ids;
  try {
    for (const YAML::Node& node : YAML::Load(read_text_file(path))["classes"]) {
      classes.push_back(read_class(node));
      const int id = classes.back().id;
      if (id < 0 || id >= kVoid || !ids.insert(id).second)
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

std::vector<ClassInfo> class_list(const std::string& name) {
  if (name.ends_with(".yaml")) return read_class_list(name);
  const auto found = known_lists().find(name);
  if (found == known_lists().end())
    fail("no class list is called '{}'{}; expected one of {}, or a classes.yaml file", name,
         did_you_mean(name, class_list_names()), fmt::join(class_list_names(), ", "));
  return found->second;
}

std::vector<std::string> class_list_names() {
  std::vector<std::string> names;
  for (const auto& [name, classes] : known_lists()) names.push_back(name);
  return names;
}

ClassOrder::ClassOrder(const std::vector<ClassInfo>& classes) : model_of_dataset(classes.size()) {
  for (const bool thing : {true, false})
    for (std::size_t c = 0; c < classes.size(); ++c) {
      if (classes[c].is_thing != thing) continue;
      model_of_dataset[c] = static_cast<int>(dataset_of_model.size());
      dataset_of_model.push_back(static_cast<int>(c));
      ++(thing ? things : stuff);
    }
}

}  // namespace tessera
