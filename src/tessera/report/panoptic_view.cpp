#include "tessera/report/panoptic_view.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <string>
#include <unordered_map>

#include "tessera/core/error.h"
#include "tessera/core/text.h"
#include "tessera/data/step_png.h"
#include "tessera/image/draw.h"

namespace tessera {
namespace {

const std::vector<std::string> kNames = {"panoptic", "semantic", "instance", "overlay", "grid"};
constexpr Color kVoid = {0, 0, 0}, kIgnored = {96, 96, 96}, kOutline = {255, 255, 255};

/// How a segment is painted.
struct Paint {
  Color color = kVoid;
  bool is_object = false;
};

bool has_class(const Segment& segment, const std::vector<ClassInfo>& classes) {
  return segment.category >= 0 && segment.category < static_cast<int>(classes.size()) &&
         !segment.ignore;
}

Paint paint_of(const Segment& segment, const std::vector<ClassInfo>& classes, ViewMode mode) {
  if (!has_class(segment, classes)) return {kIgnored, false};
  const ClassInfo& info = classes[static_cast<std::size_t>(segment.category)];
  const bool is_object = info.is_thing && !segment.crowd;
  if (mode == ViewMode::kInstance && !is_object) return {};
  if (mode == ViewMode::kSemantic || !is_object) return {info.color, is_object};
  const auto identity = segment.track_id >= 0 ? static_cast<std::uint64_t>(segment.track_id)
                                              : static_cast<std::uint64_t>(segment.id);
  return {identity_color(identity), true};
}

/// The paint of each id, asked for along rows, where ids come in runs.
class Paints {
 public:
  Paints(const PanopticMap& map, const std::vector<ClassInfo>& classes, ViewMode mode) {
    for (const Segment& segment : map.segments)
      paints_[segment.id] = paint_of(segment, classes, mode);
  }

  const Paint& of(std::uint32_t id) {
    if (id != last_id_) {
      last_id_ = id;
      last_ = &paints_[id];
    }
    return *last_;
  }

 private:
  std::unordered_map<std::uint32_t, Paint> paints_ = {{0, Paint{}}};
  std::uint32_t last_id_ = 0;
  const Paint* last_ = &paints_[0];
};

/// Draws the line between objects and what is around them.
void outline_objects(Image& view, const IdMap& ids, Paints& paints) {
  const auto differ = [&](std::uint32_t a, std::uint32_t b) {
    return a != b && (paints.of(a).is_object || paints.of(b).is_object);
  };
  for (int y = 0; y < ids.height(); ++y)
    for (int x = 0; x < ids.width(); ++x) {
      const std::uint32_t id = ids.at(x, y);
      if ((x + 1 < ids.width() && differ(id, ids.at(x + 1, y))) ||
          (y + 1 < ids.height() && differ(id, ids.at(x, y + 1))))
        std::copy(kOutline.begin(), kOutline.end(), &view.at(x, y));
    }
}

/// The smallest area that holds all of an id, of each id.
std::unordered_map<std::uint32_t, Area> areas_of(const IdMap& ids) {
  std::unordered_map<std::uint32_t, Area> areas;
  for (int y = 0; y < ids.height(); ++y)
    for (int start = 0, end = 0; start < ids.width(); start = end) {
      const std::uint32_t id = ids.at(start, y);
      while (end < ids.width() && ids.at(end, y) == id) ++end;
      Area& area = areas.try_emplace(id, Area{start, y, end - start, 1}).first->second;
      const int right = std::max(area.x + area.width, end);
      area.x = std::min(area.x, start);
      area.width = right - area.x;
      area.height = y + 1 - area.y;
    }
  return areas;
}

/// Where in its area an id is.
Pixels<std::uint8_t> mask_of(const IdMap& ids, std::uint32_t id, const Area& area) {
  Pixels<std::uint8_t> mask({area.width, area.height}, 1);
  for (int y = 0; y < area.height; ++y)
    for (int x = 0; x < area.width; ++x) mask.at(x, y) = ids.at(area.x + x, area.y + y) == id;
  return mask;
}

/// What a segment may be called, the best first: an object with a track carries its number.
std::vector<std::string> labels_of(const Segment& segment, const std::string& name, ViewMode mode) {
  if (mode == ViewMode::kSemantic || segment.track_id < 0) return {name};
  const std::string number = std::to_string(step_track_number(segment.track_id));
  return {name + " " + number, number};
}

void draw_names(Image& view, const PanopticMap& map, const std::vector<ClassInfo>& classes,
                const ViewOptions& options, Paints& paints) {
  const int text_height = options.name_height;
  const auto areas = areas_of(map.ids);
  for (const Segment& segment : map.segments) {
    if (!has_class(segment, classes)) continue;
    if (options.mode == ViewMode::kInstance && !paints.of(segment.id).is_object) continue;
    const auto area = areas.find(segment.id);
    if (area == areas.end()) continue;
    const InnerPoint inner = inner_point(mask_of(map.ids, segment.id, area->second));
    const auto fits = [&](const std::string& label) {
      const int width = text_width(label, text_height);
      // Half of the text may reach over the outline; more would hide what it names.
      return segment.area >= static_cast<std::int64_t>(width) * text_height &&
             inner.distance * 4 >= static_cast<float>(width) &&
             inner.distance >= static_cast<float>(text_height);
    };
    const auto labels =
        labels_of(segment, classes[static_cast<std::size_t>(segment.category)].name, options.mode);
    const auto label = std::find_if(labels.begin(), labels.end(), fits);
    if (label == labels.end()) continue;
    const Point center = {area->second.x + inner.point.x, area->second.y + inner.point.y};
    draw_tag(view, *label, center, text_height, paints.of(segment.id).color);
  }
}

/// Every mode but the grid.
Image draw_view(const ViewOptions& options, const PanopticMap& map,
                const std::vector<ClassInfo>& classes, const Image& picture) {
  const bool is_overlay = options.mode == ViewMode::kOverlay;
  Paints paints(map, classes, options.mode);
  const Size size = map.ids.size();
  Image view(size, 3);
  std::uint8_t* out = view.data();
  const std::uint8_t* under = picture.data();
  for (const std::uint32_t id : map.ids.values()) {
    const Color& color = paints.of(id).color;
    for (int c = 0; c < 3; ++c)
      *out++ = is_overlay ? static_cast<std::uint8_t>((color[c] + *under++ + 1) / 2) : color[c];
  }
  if (is_overlay) outline_objects(view, map.ids, paints);
  if (options.name_height > 0) draw_names(view, map, classes, options, paints);
  return view;
}

/// Names of classes beside their colours, as many as have room: all of them, or those that show.
Image draw_legend(const PanopticMap& map, const std::vector<ClassInfo>& classes, Size size) {
  constexpr int kText = 10, kLine = 16, kColumn = 130;
  Image legend(size, 3);
  const int rows = std::max(1, (size.height - kText) / kLine);
  const int room = rows * std::max(1, size.width / kColumn);
  std::vector<bool> shows(classes.size(), static_cast<int>(classes.size()) <= room);
  for (const Segment& segment : map.segments)
    if (has_class(segment, classes)) shows[static_cast<std::size_t>(segment.category)] = true;
  int place = 0;
  for (std::size_t c = 0; c < classes.size() && place < room; ++c) {
    if (!shows[c]) continue;
    const Point at = {kText + place / rows * kColumn, kText / 2 + place % rows * kLine};
    fill(legend, {at.x, at.y, kLine - 4, kLine - 4}, classes[c].color);
    draw_text(legend, classes[c].name, {at.x + kLine, at.y + 1}, kText, kOutline);
    ++place;
  }
  return legend;
}

Image draw_grid(const ViewOptions& options, const PanopticMap& map,
                const std::vector<ClassInfo>& classes, const Image& picture) {
  const Size size = map.ids.size();
  const auto view = [&](ViewMode mode) {
    return draw_view({mode, options.name_height}, map, classes, picture);
  };
  const std::pair<const char*, Image> panels[] = {{"video", picture},
                                                  {"overlay", view(ViewMode::kOverlay)},
                                                  {"semantic", view(ViewMode::kSemantic)},
                                                  {"instance", view(ViewMode::kInstance)},
                                                  {"panoptic", view(ViewMode::kPanoptic)},
                                                  {"", draw_legend(map, classes, size)}};
  constexpr int kColumns = 2, kTitleHeight = 9;
  constexpr Color kTag = {20, 20, 20};
  Image grid({kColumns * size.width, 3 * size.height}, 3);
  for (int i = 0; const auto& [name, panel] : panels) {
    const Point place = {i % kColumns * size.width, i / kColumns * size.height};
    paste(grid, panel, place);
    const int width = text_width(name, kTitleHeight);
    if (*name != 0 && size.width > 3 * width && size.height > 6 * kTitleHeight)
      draw_tag(grid, name, {place.x + width / 2 + kTitleHeight, place.y + kTitleHeight + 2},
               kTitleHeight, kTag);
    ++i;
  }
  return grid;
}

}  // namespace

ViewMode view_mode_from_name(std::string_view name) {
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end())
    throw UsageError(fmt::format("unknown mode '{}'{}; expected one of {}", name,
                                 did_you_mean(name, kNames), fmt::join(kNames, ", ")));
  return static_cast<ViewMode>(found - kNames.begin());
}

bool needs_picture(ViewMode mode) { return mode == ViewMode::kOverlay || mode == ViewMode::kGrid; }

Image draw_panoptic(const ViewOptions& options, const PanopticMap& map,
                    const std::vector<ClassInfo>& classes, const Image& picture) {
  return options.mode == ViewMode::kGrid ? draw_grid(options, map, classes, picture)
                                         : draw_view(options, map, classes, picture);
}

}  // namespace tessera
