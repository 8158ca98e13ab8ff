#include "tessera/data/transforms/label_resize.h"

#include <algorithm>
#include <vector>

namespace tessera {
namespace {

std::vector<int> centres(int in, int out) {
  const float scale = static_cast<float>(in) / static_cast<float>(out);
  std::vector<int> positions(out);
  for (int i = 0; i < out; ++i)
    positions[i] = std::min(static_cast<int>((static_cast<float>(i) + 0.5f) * scale), in - 1);
  return positions;
}

template <class T>
Pixels<T> by_centre(const Pixels<T>& map, Size size) {
  const std::vector<int> columns = centres(map.width(), size.width);
  const std::vector<int> rows = centres(map.height(), size.height);
  Pixels<T> result(size, map.channels());
  for (int y = 0; y < size.height; ++y)
    for (int x = 0; x < size.width; ++x)
      for (int c = 0; c < map.channels(); ++c) result.at(x, y, c) = map.at(columns[x], rows[y], c);
  return result;
}

/// The two pixels of a line that a new pixel lies between.
struct Between {
  int first = 0, second = 0;
  float first_weight = 1, second_weight = 0;
};

std::vector<Between> neighbours(int in, int out) {
  const float scale = static_cast<float>(in) / static_cast<float>(out);
  std::vector<Between> all(out);
  for (int i = 0; i < out; ++i) {
    const float at = std::max(scale * (static_cast<float>(i) + 0.5f) - 0.5f, 0.0f);
    Between& between = all[i];
    between.first = std::min(static_cast<int>(at), in - 1);
    between.second = std::min(between.first + 1, in - 1);
    between.second_weight = at - static_cast<float>(between.first);
    between.first_weight = 1 - between.second_weight;
  }
  return all;
}

template <class T>
Pixels<T> by_majority(const Pixels<T>& map, Size size) {
  const std::vector<Between> columns = neighbours(map.width(), size.width);
  const std::vector<Between> rows = neighbours(map.height(), size.height);
  Pixels<T> result(size, 1);
  for (int y = 0; y < size.height; ++y) {
    const T* top = map.row(rows[y].first);
    const T* bottom = map.row(rows[y].second);
    for (int x = 0; x < size.width; ++x) {
      const Between& column = columns[x];
      const T values[4] = {top[column.first], top[column.second], bottom[column.first],
                           bottom[column.second]};
      if (values[0] == values[1] && values[0] == values[2] && values[0] == values[3]) {
        result.at(x, y) = values[0];
        continue;
      }
      for (const T value : values) {
        const auto is = [&](int i) { return values[i] == value ? 1.0f : 0.0f; };
        const float above = column.first_weight * is(0) + column.second_weight * is(1);
        const float below = column.first_weight * is(2) + column.second_weight * is(3);
        if (rows[y].first_weight * above + rows[y].second_weight * below > 0.5f)
          result.at(x, y) = value;
      }
    }
  }
  return result;
}

}  // namespace

LabelMap resize_by_centre(const LabelMap& labels, Size size) { return by_centre(labels, size); }
IdMap resize_by_centre(const IdMap& ids, Size size) { return by_centre(ids, size); }
LabelMap resize_by_majority(const LabelMap& labels, Size size) { return by_majority(labels, size); }
IdMap resize_by_majority(const IdMap& ids, Size size) { return by_majority(ids, size); }

}  // namespace tessera
