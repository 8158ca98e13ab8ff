#include "tessera/metrics/annotation_json.h"

#include <unordered_set>
#include <vector>

#include "tessera/core/error.h"

namespace tessera {

Rle read_rle(const JsonValue& segmentation, Size picture) {
  const std::vector<double> sides = segmentation.numbers("size");
  if (sides.size() != 2) fail("segmentation size: expected [height, width]");
  const Size size{static_cast<int>(sides[1]), static_cast<int>(sides[0])};
  if (size != picture) fail("a mask of {} in a picture of {}", to_string(size), to_string(picture));
  const JsonValue counts = segmentation.at("counts");
  return counts.is_text() ? rle_from_string(counts.as_text("counts"), size)
                          : rle_from_counts(counts.as_counts("counts"), size);
}

Rle read_mask(const JsonValue& entry, Size picture) {
  const JsonValue segmentation = entry.at("segmentation");
  if (segmentation.is_object()) return read_rle(segmentation, picture);
  std::vector<std::vector<double>> polygons;
  for (const JsonValue& polygon : segmentation.as_list("segmentation")) {
    polygons.push_back(polygon.as_numbers("segmentation"));
    if (polygons.back().size() < 6 || polygons.back().size() % 2 != 0)
      fail("segmentation: a polygon of {} numbers, expected 3 or more pairs x, y",
           polygons.back().size());
  }
  if (polygons.empty()) fail("segmentation: there is no polygon");
  return rle_from_polygons(polygons, picture);
}

std::vector<ApCategory> read_categories(const JsonFile& file) {
  std::vector<ApCategory> categories;
  std::unordered_set<std::int64_t> ids;
  file.for_each("categories", [&](const JsonValue& category, std::string_view) {
    categories.push_back({category.integer("id"), category.text("name")});
    if (!ids.insert(categories.back().id).second)
      fail("category id {} comes twice", categories.back().id);
  });
  if (categories.empty()) fail("{}: there are no categories", file.path().string());
  return categories;
}

}  // namespace tessera
