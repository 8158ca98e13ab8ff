#include "stored_pictures.h"

#include <algorithm>
#include <utility>

#include "tessera/core/error.h"
#include "tessera/data/loader/batch.h"

namespace tessera::parity {
namespace {

void swap_red_and_blue(Image& picture) {
  if (picture.channels() != 3) return;
  for (std::size_t i = 0; i < picture.values().size(); i += 3)
    std::swap(picture.values()[i], picture.values()[i + 2]);
}

}  // namespace

Image stored_picture(const Report& report, const std::string& name, int index) {
  const Values& values = report.stored(name);
  std::vector<std::int64_t> shape = values.shape;
  // A clip of maps and one picture both have three dimensions; pictures end with their channels.
  const bool has_colour = shape.size() > 2 && shape.back() == 3;
  if (shape.size() > (has_colour ? 3u : 2u)) shape.erase(shape.begin());
  if (shape.size() < 2) fail("{}: shape {} is no picture's", name, format_shape(values.shape));
  Image picture({static_cast<int>(shape[1]), static_cast<int>(shape[0])}, has_colour ? 3 : 1);
  const std::size_t size = picture.values().size();
  std::transform(values.data.begin() + static_cast<std::ptrdiff_t>(index * size),
                 values.data.begin() + static_cast<std::ptrdiff_t>((index + 1) * size),
                 picture.values().begin(),
                 [](double value) { return static_cast<std::uint8_t>(value); });
  swap_red_and_blue(picture);
  return picture;
}

IdMap stored_ids(const Report& report, const std::string& name) {
  const Image picture = stored_picture(report, name);
  IdMap ids(picture.size(), 1);
  std::ranges::copy(picture.values(), ids.values().begin());
  return ids;
}

Values picture_values(const Image& picture) {
  Values values = picture_values(std::vector<Image>{picture});
  values.shape.erase(values.shape.begin());
  return values;
}

Values picture_values(const std::vector<Image>& pictures) {
  Values values;
  values.is_integer = true;
  values.shape = {static_cast<std::int64_t>(pictures.size()), pictures.front().height(),
                  pictures.front().width()};
  if (pictures.front().channels() == 3) values.shape.push_back(3);
  for (Image picture : pictures) {
    swap_red_and_blue(picture);
    values.data.insert(values.data.end(), picture.values().begin(), picture.values().end());
  }
  return values;
}

Values mask_values(const Frame& frame) {
  CollateOptions unpadded;
  unpadded.divisor = 1;
  const Batch batch = collate({{frame}}, unpadded);
  const BatchFrame& packed = batch.frames.front();
  return make_values(
      {static_cast<std::int64_t>(packed.objects.size()), batch.size.height, batch.size.width},
      packed.masks);
}

}  // namespace tessera::parity
