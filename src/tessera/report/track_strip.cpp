#include "tessera/report/track_strip.h"

#include <algorithm>
#include <set>

#include "tessera/image/draw.h"
#include "tessera/report/view_drawing.h"

namespace tessera {
namespace {

constexpr double kSurroundings = 1.6;  // the cut's side over the track's
constexpr int kSmallestSide = 48;

/// The square around a segment, moved and cut to lie inside the picture.
Area surroundings(const IdMap& ids, std::uint32_t id) {
  int left = ids.width(), top = ids.height(), right = -1, bottom = -1;
  for (int y = 0; y < ids.height(); ++y)
    for (int x = 0; x < ids.width(); ++x) {
      if (ids.at(x, y) != id) continue;
      left = std::min(left, x);
      right = std::max(right, x);
      top = std::min(top, y);
      bottom = std::max(bottom, y);
    }
  const int longest = std::max(right - left, bottom - top) + 1;
  const int side = std::max(kSmallestSide, static_cast<int>(kSurroundings * longest));
  Area cut{(left + right - side) / 2, (top + bottom - side) / 2, std::min(side, ids.width()),
           std::min(side, ids.height())};
  cut.x = std::clamp(cut.x, 0, ids.width() - cut.width);
  cut.y = std::clamp(cut.y, 0, ids.height() - cut.height);
  return cut;
}

Image crop(const Image& picture, const Area& cut) {
  Image out({cut.width, cut.height}, picture.channels());
  paste(out, picture, {-cut.x, -cut.y});
  return out;
}

bool on_outline(const IdMap& ids, std::uint32_t id, int x, int y) {
  if (ids.at(x, y) == id) return false;
  for (int dy = -1; dy <= 1; ++dy)
    for (int dx = -1; dx <= 1; ++dx) {
      const int nx = x + dx, ny = y + dy;
      if (nx >= 0 && ny >= 0 && nx < ids.width() && ny < ids.height() && ids.at(nx, ny) == id)
        return true;
    }
  return false;
}

void draw_outline(const IdMap& ids, std::uint32_t id, const Area& cut, Image& picture) {
  for (int y = cut.y; y < cut.y + cut.height; ++y)
    for (int x = cut.x; x < cut.x + cut.width; ++x)
      if (on_outline(ids, id, x, y)) std::fill_n(&picture.at(x, y), 3, std::uint8_t{255});
}

}  // namespace

std::vector<std::size_t> choose_frames(const TrackSummary& track, std::size_t most) {
  std::set<std::size_t> chosen;
  const auto choose = [&](std::size_t index) {
    if (chosen.size() < most) chosen.insert(track.frames[index]);
  };
  for (const std::size_t frame : track.switches) {
    const auto at = std::lower_bound(track.frames.begin(), track.frames.end(), frame);
    const auto index = static_cast<std::size_t>(at - track.frames.begin());
    choose(index);
    if (index > 0) choose(index - 1);
  }
  // Halving the gaps spreads what is left over the track.
  const std::size_t last = track.frames.size() - 1;
  for (std::size_t parts = 1; chosen.size() < std::min(most, track.frames.size()); parts *= 2)
    for (std::size_t part = 0; part <= parts; ++part) choose(last * part / parts);
  return {chosen.begin(), chosen.end()};
}

TrackStrip draw_track(const TrackQuality& track, std::size_t most_frames) {
  const TrackSummary& summary = track.summary;
  std::vector<FrameView> views;
  ObjectPairs pairs;
  const std::vector<std::size_t> frames = choose_frames(summary, most_frames);
  for (const std::size_t frame : frames) {
    views.push_back(track.view(frame));
    pairs.add(views.back());
  }
  TrackStrip strip;
  for (std::size_t i = 0; i < views.size(); ++i) {
    const FrameView& view = views[i];
    const Area cut = surroundings(view.truth.ids, summary.id);
    Image truth = draw_truth(view), prediction = draw_prediction(view, pairs);
    for (Image* picture : {&truth, &prediction})
      draw_outline(view.truth.ids, summary.id, cut, *picture);
    const bool switched =
        std::binary_search(summary.switches.begin(), summary.switches.end(), frames[i]);
    strip.frames.push_back({view.name, crop(truth, cut), crop(prediction, cut), switched});
  }
  return strip;
}

}  // namespace tessera
