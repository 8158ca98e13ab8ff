#include "tessera/report/track_timeline.h"

#include <fmt/format.h>

#include <algorithm>

#include "tessera/image/draw.h"
#include "tessera/report/html.h"

namespace tessera {
namespace {

constexpr std::uint32_t kTrackMask = 0xffff;
constexpr int kClassShift = 16;

std::string color_of(std::uint32_t predicted) {
  if (predicted == 0) return "#9aa0a6";
  const Color color = identity_color(predicted);
  return fmt::format("rgb({},{},{})", color[0], color[1], color[2]);
}

}  // namespace

void TrackTimeline::add_frame(const PairTable& pairs) {
  struct Cover {
    std::int64_t pixels = 0, best_pixels = 0;
    std::uint32_t best = 0;
  };
  std::map<std::uint32_t, Cover> covers;
  for (const PairCount& pair : pairs) {
    if ((pair.gt & kTrackMask) == 0) continue;
    Cover& cover = covers[pair.gt];
    cover.pixels += pair.count;
    if ((pair.pred & kTrackMask) == 0 || pair.count <= cover.best_pixels) continue;
    cover.best = pair.pred;
    cover.best_pixels = pair.count;
  }
  for (const auto& [truth, cover] : covers) {
    Row& row = rows_[truth];
    row.frames.push_back(frames_);
    row.predicted.push_back(2 * cover.best_pixels > cover.pixels ? cover.best : 0);
    row.pixels += cover.pixels;
  }
  ++frames_;
}

std::string TrackTimeline::draw(std::string_view title, const std::vector<std::string>& class_names,
                                std::size_t most_rows) const {
  std::vector<std::pair<std::uint32_t, const Row*>> order;
  for (const auto& [truth, row] : rows_) order.emplace_back(truth, &row);
  std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
    return a.second->pixels > b.second->pixels;
  });
  order.resize(std::min(order.size(), most_rows));
  constexpr int kLabel = 110, kRow = 14, kTop = 22;
  const double step = 720.0 / static_cast<double>(std::max<std::size_t>(1, frames_));
  std::string svg = fmt::format(
      "<svg viewBox=\"0 0 840 {}\" width=\"840\" role=\"img\" font-size=\"10\" "
      "fill=\"currentColor\">"
      "<text x=\"0\" y=\"12\" font-size=\"12\">{}</text>",
      kTop + static_cast<int>(order.size()) * kRow + 4, html::escape(title));
  int y = kTop;
  for (const auto& [truth, row] : order) {
    const std::size_t category = truth >> kClassShift;
    svg += fmt::format("<text x=\"0\" y=\"{}\">{} {}</text>", y + 10,
                       html::escape(category < class_names.size() ? class_names[category] : "?"),
                       truth & kTrackMask);
    for (std::size_t i = 0; i < row->frames.size(); ++i)
      svg += fmt::format("<rect x=\"{:.1f}\" y=\"{}\" width=\"{:.1f}\" height=\"{}\" fill=\"{}\"/>",
                         kLabel + step * static_cast<double>(row->frames[i]), y, step + 0.2,
                         kRow - 3, color_of(row->predicted[i]));
    y += kRow;
  }
  return svg + "</svg>";
}

}  // namespace tessera
