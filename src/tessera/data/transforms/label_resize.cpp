#include "tessera/data/transforms/label_resize.h"

#include <algorithm>
#include <utility>
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

/// Where the first and behind the last value lie that are not 0; {0, 0} without any.
template <class T>
std::pair<int, int> extent(const T* row, int width) {
  const auto is_set = [](T value) { return value != 0; };
  const T* first = std::find_if(row, row + width, is_set);
  if (first == row + width) return {0, 0};
  const T* last = row + width;
  while (last[-1] == 0) --last;
  return {static_cast<int>(first - row), static_cast<int>(last - row)};
}

std::pair<int, int> joined(std::pair<int, int> a, std::pair<int, int> b) {
  if (a.second == 0) return b;
  if (b.second == 0) return a;
  return {std::min(a.first, b.first), std::max(a.second, b.second)};
}

/// Reads what is not background, which most of a mask is.
template <class T>
Pixels<T> by_majority(const Pixels<T>& map, Size size) {
  const std::vector<Between> columns = neighbours(map.width(), size.width);
  const std::vector<Between> rows = neighbours(map.height(), size.height);
  std::vector<std::pair<int, int>> extents;
  for (int y = 0; y < map.height(); ++y) extents.push_back(extent(map.row(y), map.width()));
  Pixels<T> result(size, 1);
  for (int y = 0; y < size.height; ++y) {
    const T* top = map.row(rows[y].first);
    const T* bottom = map.row(rows[y].second);
    const auto [first, last] = joined(extents[rows[y].first], extents[rows[y].second]);
    const auto begin = std::ranges::partition_point(
        columns, [&](const Between& column) { return column.second < first; });
    for (auto column_at = begin; column_at != columns.end() && column_at->first < last;
         ++column_at) {
      const Between& column = *column_at;
      const int x = static_cast<int>(column_at - columns.begin());
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
