#include "tessera/data/coco_json.h"

#include <algorithm>

#include "tessera/core/error.h"
#include "tessera/data/problems.h"

namespace tessera {

Rle read_segmentation(const JsonValue& segmentation, Size size) {
  if (segmentation.is_array()) {
    std::vector<std::vector<double>> polygons;
    for (const JsonValue& polygon : segmentation.as_list("segmentation"))
      polygons.push_back(polygon.as_numbers("segmentation"));
    return rle_from_polygons(polygons, size);
  }
  const std::vector<double> stated = segmentation.numbers("size");
  if (stated.size() != 2) fail("segmentation.size: expected [height, width]");
  const Size own{static_cast<int>(stated[1]), static_cast<int>(stated[0])};
  if (own != size)
    fail_as(ProblemKind::kWrongSize, "segmentation.size is {}, the picture is {}", to_string(own),
            to_string(size));
  const JsonValue counts = segmentation.at("counts");
  if (counts.is_text()) return rle_from_string(counts.as_text("counts"), size);
  return rle_from_counts(counts.as_counts("segmentation.counts"), size);
}

Box read_box(const JsonValue& annotation, std::string_view key) {
  const std::vector<double> numbers = annotation.numbers(key);
  if (numbers.size() != 4) fail("{}: expected 4 numbers, found {}", key, numbers.size());
  return {numbers[0], numbers[1], numbers[2], numbers[3]};
}

std::vector<ClassInfo> read_categories(const JsonFile& file, const std::vector<ClassInfo>& known) {
  const auto known_index = index_by_id(known);
  std::vector<ClassInfo> classes;
  file.for_each("categories", [&](const JsonValue& category, std::string_view) {
    ClassInfo info;
    info.id = static_cast<int>(category.integer("id"));
    info.name = category.text("name");
    info.is_thing = category.flag("isthing", true);
    const auto same = known_index.find(info.id);
    if (const auto color = category.find("color")) {
      const std::vector<double> rgb = color->as_numbers("color");
      if (rgb.size() != 3) fail("color: expected 3 numbers");
      for (int c = 0; c < 3; ++c) info.color[c] = static_cast<std::uint8_t>(rgb[c]);
    } else if (same != known_index.end()) {
      info.color = known[same->second].color;
    }
    classes.push_back(info);
  });
  if (classes.empty()) fail("{}: 'categories' is missing or empty", file.path().string());
  return classes;
}

std::unordered_map<std::int64_t, int> index_by_id(const std::vector<ClassInfo>& classes) {
  std::unordered_map<std::int64_t, int> index;
  for (std::size_t i = 0; i < classes.size(); ++i) index[classes[i].id] = static_cast<int>(i);
  return index;
}

bool is_usable_box(const Box& box, double area, Size size) {
  const double width =
      std::min(box.x + box.width, static_cast<double>(size.width)) - std::max(box.x, 0.0);
  const double height =
      std::min(box.y + box.height, static_cast<double>(size.height)) - std::max(box.y, 0.0);
  return area > 0 && box.width >= 1 && box.height >= 1 && width > 0 && height > 0;
}

}  // namespace tessera
