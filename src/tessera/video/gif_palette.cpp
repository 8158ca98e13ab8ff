#include "tessera/video/gif_palette.h"

#include <algorithm>

namespace tessera {
namespace {

constexpr std::size_t kMostColors = 255;  // one is left for transparency

struct Cell {
  int index = 0;
  std::int64_t count = 0;
  std::array<std::int64_t, 3> sum = {};
  std::array<double, 3> mean() const {
    return {static_cast<double>(sum[0]) / count, static_cast<double>(sum[1]) / count,
            static_cast<double>(sum[2]) / count};
  }
};

/// A run of cells that one colour stands for.
struct Group {
  std::size_t begin = 0, end = 0;
  double spread = 0;  ///< squared distance to the mean along the widest channel
  int channel = 0;
};

Group measure(const std::vector<Cell>& cells, std::size_t begin, std::size_t end) {
  Group group{begin, end, 0, 0};
  for (int c = 0; c < 3; ++c) {
    double count = 0, sum = 0, squares = 0;
    for (std::size_t i = begin; i < end; ++i) {
      const double value = cells[i].mean()[c], weight = static_cast<double>(cells[i].count);
      count += weight;
      sum += weight * value;
      squares += weight * value * value;
    }
    const double spread = squares - sum * sum / count;
    if (spread > group.spread) {
      group.spread = spread;
      group.channel = c;
    }
  }
  return group;
}

}  // namespace

GifPalette::GifPalette(const Image& image) : lookup_(std::size_t{1} << 3 * kBits) {
  std::vector<Cell> cells(lookup_.size());
  const auto values = image.values();
  for (std::size_t i = 0; i < values.size(); i += 3) {
    Cell& at = cells[cell(values[i], values[i + 1], values[i + 2])];
    ++at.count;
    for (int c = 0; c < 3; ++c) at.sum[c] += values[i + c];
  }
  for (std::size_t i = 0; i < cells.size(); ++i) cells[i].index = static_cast<int>(i);
  std::erase_if(cells, [](const Cell& at) { return at.count == 0; });

  std::vector<Group> groups = {measure(cells, 0, cells.size())};
  while (groups.size() < kMostColors) {
    const auto widest =
        std::max_element(groups.begin(), groups.end(),
                         [](const Group& a, const Group& b) { return a.spread < b.spread; });
    if (widest->spread <= 0) break;
    const Group group = *widest;
    const auto begin = cells.begin() + static_cast<std::ptrdiff_t>(group.begin);
    const auto end = cells.begin() + static_cast<std::ptrdiff_t>(group.end);
    std::sort(begin, end, [&](const Cell& a, const Cell& b) {
      return a.mean()[group.channel] < b.mean()[group.channel];
    });
    std::int64_t total = 0, before = 0;
    for (auto at = begin; at != end; ++at) total += at->count;
    std::size_t middle = group.begin;
    while (middle + 1 < group.end && (middle == group.begin || 2 * before < total))
      before += cells[middle++].count;
    *widest = measure(cells, group.begin, middle);
    groups.push_back(measure(cells, middle, group.end));
  }
  for (const Group& group : groups) {
    Cell all;
    for (std::size_t i = group.begin; i < group.end; ++i) {
      all.count += cells[i].count;
      for (int c = 0; c < 3; ++c) all.sum[c] += cells[i].sum[c];
      lookup_[cells[i].index] = static_cast<std::uint8_t>(colors_.size());
    }
    const auto mean = all.mean();
    colors_.push_back({static_cast<std::uint8_t>(mean[0] + 0.5),
                       static_cast<std::uint8_t>(mean[1] + 0.5),
                       static_cast<std::uint8_t>(mean[2] + 0.5)});
  }
}

}  // namespace tessera
