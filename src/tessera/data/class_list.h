#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tessera/data/dataset.h"

namespace tessera {

/// The classes that a name stands for ("coco", "coco-panoptic", "cityscapes", "kitti-step", ...),
/// or those of a classes.yaml file. An Error names the nearest list when there is none.
std::vector<ClassInfo> class_list(const std::string& name);

/// The classes of a classes.yaml file: `classes: [{id: 0, name: road, thing: false}, ...]`.
std::vector<ClassInfo> read_class_list(const std::filesystem::path& path);

/// The names that class_list knows.
std::vector<std::string> class_list_names();

/// How a model that numbers its things first counts a dataset's classes: things in the dataset's
/// order, then stuff.
struct ClassOrder {
  explicit ClassOrder(const std::vector<ClassInfo>& classes);

  std::vector<int> model_of_dataset;
  std::vector<int> dataset_of_model;
  int things = 0;
  int stuff = 0;
};

}  // namespace tessera
