#include "tessera/metrics/street_classes.h"

#include <algorithm>
#include <array>

namespace tessera {
namespace {

constexpr std::array<const char*, 19> kNames = {
    "road",         "sidewalk",   "building", "wall",       "fence",  "pole",  "traffic light",
    "traffic sign", "vegetation", "terrain",  "sky",        "person", "rider", "car",
    "truck",        "bus",        "train",    "motorcycle", "bicycle"};

bool contains(const std::vector<int>& values, int value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

}  // namespace

std::vector<Category> street_categories(const std::vector<int>& things) {
  std::vector<Category> categories = plain_categories(static_cast<int>(kNames.size()), things);
  for (Category& category : categories)
    category.name = kNames[static_cast<std::size_t>(category.id)];
  return categories;
}

bool are_street_categories(const std::vector<Category>& categories) {
  return std::equal(
      categories.begin(), categories.end(), kNames.begin(), kNames.end(),
      [](const Category& category, const char* name) { return category.name == name; });
}

std::vector<Category> plain_categories(int count, const std::vector<int>& things) {
  std::vector<Category> categories;
  for (int id = 0; id < count; ++id) categories.push_back({id, "", contains(things, id)});
  return categories;
}

}  // namespace tessera
