#include "tessera/report/contact_sheet.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "tessera/data/transforms/geometry.h"
#include "tessera/image/draw.h"
#include "tessera/report/dataset_report.h"
#include "tessera/report/panoptic_view.h"

namespace tessera {
namespace {

constexpr int kWidth = 1800, kMargin = 28, kGap = 12;
constexpr int kColumns = 3, kRows = 3;
constexpr int kTallestCell = 420;
constexpr int kTitle = 24, kText = 13, kNames = 9;
constexpr int kLegendColumns = 4, kLegendRow = 24;
constexpr std::size_t kShownClasses = 40;
constexpr Color kPaper = {28, 30, 34}, kBright = {240, 240, 240}, kDim = {165, 170, 178},
                kBar = {90, 150, 230}, kGroove = {50, 54, 60};
constexpr int kCellWidth = (kWidth - 2 * kMargin - (kColumns - 1) * kGap) / kColumns;

/// `count` of [0, size), spread evenly from first to last.
std::vector<std::size_t> spread(std::size_t size, std::size_t count) {
  std::vector<std::size_t> chosen;
  for (std::size_t i = 0; i < std::min(size, count); ++i)
    chosen.push_back(size <= count ? i : i * (size - 1) / (count - 1));
  return chosen;
}

/// Frames for a grid of rows: of videos a sequence a row, so that identities can be followed.
std::vector<std::size_t> choose_frames(const SplitInspection& split) {
  const auto& sequences = split.dataset->sequences();
  std::vector<std::size_t> frames;
  if (sequences.size() <= 1) {
    for (const std::size_t i : spread(split.readable.size(), kColumns * kRows))
      frames.push_back(split.readable[i]);
    return frames;
  }
  for (const std::size_t s : spread(sequences.size(), kRows)) {
    const SequenceInfo& sequence = sequences[s];
    const auto first =
        std::lower_bound(split.readable.begin(), split.readable.end(), sequence.first);
    const auto last =
        std::lower_bound(first, split.readable.end(), sequence.first + sequence.count);
    for (const std::size_t i : spread(static_cast<std::size_t>(last - first), kColumns))
      frames.push_back(first[static_cast<std::ptrdiff_t>(i)]);
  }
  return frames;
}

/// Paints objects with masks of their own, and class maps, into one map; smaller objects lie above
/// larger ones.
PanopticMap flatten(const Sample& sample, std::size_t classes) {
  if (sample.panoptic) return *sample.panoptic;
  PanopticMap map;
  map.ids = IdMap(sample.image.size(), 1);
  if (sample.semantic) {
    for (std::size_t i = 0; i < map.ids.values().size(); ++i) {
      const std::uint8_t category = sample.semantic->values()[i];
      if (category < classes) map.ids.values()[i] = category + 1U;
    }
    for (std::uint32_t category = 0; category < classes; ++category) {
      map.segments.push_back({category + 1, static_cast<int>(category)});
      map.segments.back().crowd = true;  // one object or many: drawn in the class's colour
    }
  }
  std::vector<const Instance*> order;
  for (const Instance& instance : sample.instances) order.push_back(&instance);
  std::stable_sort(order.begin(), order.end(),
                   [](const auto* a, const auto* b) { return a->area > b->area; });
  auto id = static_cast<std::uint32_t>(classes);
  for (const Instance* instance : order) {
    rle_paint(instance->mask, ++id, map.ids);
    Segment segment{id, instance->category, instance->track_id, instance->crowd, instance->ignore};
    map.segments.push_back(segment);
  }
  return map;
}

/// Areas decide which segments have room for a name.
void count_areas(PanopticMap& map) {
  std::vector<std::int64_t> areas;
  for (const std::uint32_t id : map.ids.values()) {
    if (id >= areas.size()) areas.resize(id + 1, 0);
    ++areas[id];
  }
  for (Segment& segment : map.segments)
    segment.area = segment.id < areas.size() ? areas[segment.id] : 0;
}

Image draw_cell(const Dataset& dataset, std::size_t frame) {
  const Sample sample = dataset.load(frame);
  const Size size = fit_within(sample.image.size(), {kCellWidth, kTallestCell});
  const Image picture = scaled_to(sample.image, size);
  if (!dataset.has_labels()) return picture;
  PanopticMap map = flatten(sample, dataset.classes().size());
  map.ids = resize_ids(map.ids, size);
  count_areas(map);
  return draw_panoptic({ViewMode::kOverlay, kNames}, map, dataset.classes(), picture);
}

/// Draws from the top down on a sheet that grows.
class Sheet {
 public:
  void add_split(const SplitInspection& split) {
    add_heading(split);
    if (split.dataset && !split.readable.empty()) {
      add_frames(split);
      if (split.has_labels) add_legend(split);
    }
    bottom_ += kMargin;
  }

  Image finish() {
    sheet_ = resized(bottom_);
    return std::move(sheet_);
  }

 private:
  Image resized(int height) const {
    Image larger({kWidth, height}, 3);
    fill(larger, {0, 0, kWidth, height}, kPaper);
    paste(larger, sheet_, {0, 0});
    return larger;
  }

  /// Makes room below and returns where it starts.
  int grow(int height) {
    const int top = bottom_;
    bottom_ += height;
    if (bottom_ > sheet_.height()) sheet_ = resized(bottom_ + kTallestCell * kRows);
    return top;
  }

  void add_heading(const SplitInspection& split) {
    const int top = grow(kMargin + kTitle + kText + 4 * kGap);
    draw_text(sheet_, name_of(split.spec), {kMargin, top + kMargin}, kTitle, kBright);
    std::string amount = describe_amount(split);
    if (split.problems.has_errors())
      amount += fmt::format("; {} problems", split.problems.problems().size());
    draw_text(sheet_, amount, {kMargin, top + kMargin + kTitle + 2 * kGap}, kText, kDim);
  }

  void add_frames(const SplitInspection& split) {
    const std::vector<std::size_t> frames = choose_frames(split);
    for (std::size_t start = 0; start < frames.size(); start += kColumns) {
      std::vector<Image> cells;
      int tallest = 0;
      for (std::size_t i = start; i < std::min(frames.size(), start + kColumns); ++i) {
        cells.push_back(draw_cell(*split.dataset, frames[i]));
        tallest = std::max(tallest, cells.back().height());
      }
      const int top = grow(tallest + kText + 2 * kGap);
      for (std::size_t i = 0; i < cells.size(); ++i) {
        const int left = kMargin + static_cast<int>(i) * (kCellWidth + kGap);
        paste(sheet_, cells[i], {left + (kCellWidth - cells[i].width()) / 2, top});
        draw_text(sheet_, split.dataset->frames()[frames[start + i]].key.name,
                  {left, top + tallest + kGap / 2}, kText - 2, kDim);
      }
    }
  }

  /// The classes in columns: colour, name, part of the pixels as a bar and a number.
  void add_legend(const SplitInspection& split) {
    std::vector<std::size_t> order = classes_by_pixels(split);
    const std::size_t left_out = order.size() - std::min(order.size(), kShownClasses);
    order.resize(order.size() - left_out);
    const int rows = static_cast<int>((order.size() + kLegendColumns - 1) / kLegendColumns);
    const int column_width = (kWidth - 2 * kMargin) / kLegendColumns;
    const int top = grow((rows + 1) * kLegendRow + kGap);
    const double largest = order.empty() ? 1 : pixel_share(split, order[0]);
    for (std::size_t i = 0; i < order.size(); ++i) {
      const int x = kMargin + static_cast<int>(i) / rows * column_width;
      const int y = top + static_cast<int>(i) % rows * kLegendRow;
      add_class(split, order[i], {x, y}, column_width, largest);
    }
    if (left_out > 0)
      draw_text(sheet_, fmt::format("and {} more", left_out), {kMargin, top + rows * kLegendRow},
                kText - 2, kDim);
  }

  void add_class(const SplitInspection& split, std::size_t category, Point place, int width,
                 double largest) {
    constexpr int kChip = 14, kBarPart = 4, kNumber = 90;
    const ClassInfo& info = split.dataset->classes()[category];
    const double share = pixel_share(split, category);
    const int bar = width / kBarPart;
    const int bar_left = place.x + width - bar - kNumber;
    fill(sheet_, {place.x, place.y, kChip, kChip}, info.color);
    std::string name = info.name;
    while (place.x + kChip + kGap + text_width(name, kText - 2) > bar_left - kGap) name.pop_back();
    draw_text(sheet_, name, {place.x + kChip + kGap, place.y + 1}, kText - 2, kBright);
    fill(sheet_, {bar_left, place.y + 3, bar, kChip - 6}, kGroove);
    fill(sheet_, {bar_left, place.y + 3, static_cast<int>(bar * share / largest + 0.5), kChip - 6},
         kBar);
    draw_text(sheet_, fmt::format("{:.1f} %", 100 * share), {bar_left + bar + kGap, place.y + 1},
              kText - 2, kDim);
  }

  Image sheet_;
  int bottom_ = 0;
};

}  // namespace

Image draw_contact_sheet(const std::vector<SplitInspection>& splits) {
  Sheet sheet;
  for (const SplitInspection& split : splits) sheet.add_split(split);
  return sheet.finish();
}

}  // namespace tessera
