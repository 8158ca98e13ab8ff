#include "tessera/data/datasets/cityscapes_classes.h"

#include <algorithm>

namespace tessera {
namespace {

constexpr int kPerson = 11, kCar = 13;
constexpr int kLastLabelId = 33;
constexpr std::array<int, kCityscapesClasses> kLabelIds = {7,  8,  11, 12, 13, 17, 19, 20, 21, 22,
                                                           23, 24, 25, 26, 27, 28, 31, 32, 33};

std::vector<ClassInfo> with_step_things() {
  std::vector<ClassInfo> classes = cityscapes_classes();
  for (ClassInfo& info : classes) info.is_thing = info.id == kPerson || info.id == kCar;
  return classes;
}

}  // namespace

const std::vector<ClassInfo>& cityscapes_classes() {
  static const std::vector<ClassInfo> classes = {
      {0, "road", false, {128, 64, 128}},
      {1, "sidewalk", false, {244, 35, 232}},
      {2, "building", false, {70, 70, 70}},
      {3, "wall", false, {102, 102, 156}},
      {4, "fence", false, {190, 153, 153}},
      {5, "pole", false, {153, 153, 153}},
      {6, "traffic light", false, {250, 170, 30}},
      {7, "traffic sign", false, {220, 220, 0}},
      {8, "vegetation", false, {107, 142, 35}},
      {9, "terrain", false, {152, 251, 152}},
      {10, "sky", false, {70, 130, 180}},
      {11, "person", true, {220, 20, 60}},
      {12, "rider", true, {255, 0, 0}},
      {13, "car", true, {0, 0, 142}},
      {14, "truck", true, {0, 0, 70}},
      {15, "bus", true, {0, 60, 100}},
      {16, "train", true, {0, 80, 100}},
      {17, "motorcycle", true, {0, 0, 230}},
      {18, "bicycle", true, {119, 11, 32}},
  };
  return classes;
}

const std::vector<ClassInfo>& cityscapes_step_classes() {
  static const std::vector<ClassInfo> classes = with_step_things();
  return classes;
}

const char* cityscapes_group(int train_id) {
  constexpr std::array<const char*, kCityscapesClasses> kGroups = {
      "flat",    "flat",    "construction", "construction", "construction", "object", "object",
      "object",  "nature",  "nature",       "sky",          "human",        "human",  "vehicle",
      "vehicle", "vehicle", "vehicle",      "vehicle",      "vehicle"};
  return kGroups.at(train_id);
}

int cityscapes_label_id(int train_id) { return kLabelIds.at(train_id); }

int cityscapes_train_id(int label_id) {
  const auto found = std::find(kLabelIds.begin(), kLabelIds.end(), label_id);
  return found == kLabelIds.end() ? kCityscapesVoid : static_cast<int>(found - kLabelIds.begin());
}

bool is_cityscapes_label_id(int label_id) { return label_id >= 0 && label_id <= kLastLabelId; }

int step_label_of_train_id(int train_id) {
  if (train_id == kPerson) return 0;
  if (train_id == kCar) return 1;
  return train_id + 2 - (train_id > kPerson) - (train_id > kCar);
}

int step_train_id_of_label(int label) {
  if (label == 0) return kPerson;
  if (label == 1) return kCar;
  int train_id = label - 2;
  if (train_id >= kPerson) ++train_id;
  if (train_id >= kCar) ++train_id;
  return train_id;
}

}  // namespace tessera
