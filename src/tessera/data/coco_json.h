#pragma once

#include <filesystem>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tessera/core/json.h"
#include "tessera/data/dataset.h"
#include "tessera/image/rle.h"

/// What COCO's annotation files and the many files made in their image have in common.
namespace tessera {

/// A mask in any of COCO's three forms: polygons, uncompressed counts or compressed counts.
Rle read_segmentation(const JsonValue& segmentation, Size size);

/// A list of 4 numbers.
Box read_box(const JsonValue& annotation, std::string_view key);

/// The `categories` of a file, in its order; colours, where the file has none, are those of `known`
/// by id.
std::vector<ClassInfo> read_categories(const JsonFile& file, const std::vector<ClassInfo>& known);

/// Category id -> position in `classes`.
std::unordered_map<std::int64_t, int> index_by_id(const std::vector<ClassInfo>& classes);

/// Objects that the loaders of the references drop: without area, thinner than a pixel, or outside
/// the picture.
bool is_usable_box(const Box& box, double area, Size size);

}  // namespace tessera
