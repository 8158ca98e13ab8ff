// make_coco_data OUT [IMAGES OBJECTS DETECTIONS]: annotations and results of COCO's size to time AP
// on, the same at every run: OUT/gt.json (polygons) and OUT/pred.json (compressed run lengths).
// Without numbers 2,000 pictures, 20,000 objects and 100,000 detections.
#include <fmt/core.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <numbers>
#include <vector>

#include "tessera/core/file.h"
#include "tessera/core/random.h"
#include "tessera/image/rle.h"

namespace tessera {
namespace {

constexpr Size kSize = {640, 480};
constexpr int kCategories = 80;
constexpr int kCorners = 32;

struct Shape {
  int category = 1;
  double x = 0, y = 0, width = 0, height = 0;  ///< of an ellipse: centre and half axes
  std::uint64_t outline = 0;                   ///< seed of its bumps
};

Shape random_shape(Random& random) {
  Shape shape;
  // As in COCO, some classes are far more frequent than others.
  shape.category = 1 + static_cast<int>(kCategories * std::pow(random.uniform(), 3));
  const double size = std::exp(random.uniform(std::log(6.0), std::log(160.0)));
  shape.width = size * random.uniform(0.6, 1.4);
  shape.height = size * random.uniform(0.6, 1.4);
  shape.x = random.uniform(0, kSize.width);
  shape.y = random.uniform(0, kSize.height);
  shape.outline = random();
  return shape;
}

/// A detection of the object: a little elsewhere, a little larger or smaller, seldom another class.
Shape near(Shape shape, Random& random) {
  shape.x += shape.width * random.uniform(-0.25, 0.25);
  shape.y += shape.height * random.uniform(-0.25, 0.25);
  shape.width *= random.uniform(0.75, 1.3);
  shape.height *= random.uniform(0.75, 1.3);
  if (random.coin(0.1))
    shape.category = 1 + static_cast<int>(random.uniform_int(0, kCategories - 1));
  shape.outline = random();
  return shape;
}

std::vector<double> polygon(const Shape& shape) {
  Random bumps(shape.outline);
  std::vector<double> xy;
  for (int corner = 0; corner < kCorners; ++corner) {
    const double angle = 2 * std::numbers::pi * corner / kCorners,
                 radius = bumps.uniform(0.85, 1.15);
    const double x = shape.x + radius * shape.width * std::cos(angle);
    const double y = shape.y + radius * shape.height * std::sin(angle);
    xy.push_back(std::round(100 * std::clamp(x, 0.0, static_cast<double>(kSize.width))) / 100);
    xy.push_back(std::round(100 * std::clamp(y, 0.0, static_cast<double>(kSize.height))) / 100);
  }
  return xy;
}

nlohmann::json box_json(const Rle& mask) {
  const Box box = rle_box(mask);
  return {box.x, box.y, box.width, box.height};
}

void make(const std::filesystem::path& out, int images, int objects, int detections) {
  Random random(11);
  nlohmann::json pictures = nlohmann::json::array(), truth = pictures, results = pictures,
                 categories = pictures;
  for (int c = 1; c <= kCategories; ++c)
    categories.push_back({{"id", c}, {"name", fmt::format("class {}", c)}});
  std::vector<std::vector<Shape>> shapes(static_cast<std::size_t>(images));
  for (int i = 0; i < images; ++i)
    pictures.push_back({{"id", i + 1}, {"width", kSize.width}, {"height", kSize.height}});
  for (int i = 0; i < objects; ++i) {
    const int image = i % images;
    const Shape shape = random_shape(random);
    shapes[static_cast<std::size_t>(image)].push_back(shape);
    const std::vector<double> xy = polygon(shape);
    const Rle mask = rle_from_polygon(xy, kSize);
    truth.push_back({{"id", i + 1},
                     {"image_id", image + 1},
                     {"category_id", shape.category},
                     {"segmentation", {xy}},
                     {"area", rle_area(mask)},
                     {"bbox", box_json(mask)},
                     {"iscrowd", 0}});
  }
  for (int i = 0; i < detections; ++i) {
    const int image = i % images;
    const auto& found = shapes[static_cast<std::size_t>(image)];
    const bool invented = found.empty() || random.coin(0.3);
    const Shape shape =
        invented ? random_shape(random)
                 : near(found[static_cast<std::size_t>(i / images) % found.size()], random);
    const Rle mask = rle_from_polygon(polygon(shape), kSize);
    const double score = random.uniform(0, invented ? 0.6 : 1.0);
    results.push_back(
        {{"image_id", image + 1},
         {"category_id", shape.category},
         {"segmentation", {{"size", {kSize.height, kSize.width}}, {"counts", rle_to_string(mask)}}},
         {"score", std::round(1e6 * score) / 1e6}});
  }
  make_directories(out);
  write_text_file(
      out / "gt.json",
      nlohmann::json{{"images", pictures}, {"annotations", truth}, {"categories", categories}}
          .dump());
  write_text_file(out / "pred.json", results.dump());
}

}  // namespace
}  // namespace tessera

int main(int argc, char** argv) {
  if (argc != 2 && argc != 5) {
    fmt::print(stderr, "make_coco_data OUT [IMAGES OBJECTS DETECTIONS]\n");
    return 2;
  }
  const auto number = [&](int index, int usual) {
    return argc == 5 ? std::atoi(argv[index]) : usual;
  };
  tessera::make(argv[1], number(2, 2000), number(3, 20000), number(4, 100000));
}
