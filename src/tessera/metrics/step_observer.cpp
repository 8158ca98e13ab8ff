#include "tessera/metrics/step_observer.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "tessera/metrics/street_classes.h"
#include "tessera/metrics/view_observer.h"

namespace tessera {
namespace {

constexpr int kClassShift = 16;
constexpr std::uint32_t kInstanceMask = 0xffff;

/// Views keep id 0 for what is not judged, so classes begin at 1 there.
std::uint32_t view_id(std::uint32_t id) { return id + (1u << kClassShift); }

/// What a sequence's views need, kept for as long as anybody holds one.
struct Views {
  StepPair pair;
  std::vector<Category> categories;
  int ignore_label;

  FrameView view(std::size_t frame) const {
    FrameView view;
    view.name = frame_number_text(pair.gt.frames[frame]);
    view.street = are_street_categories(categories);
    view.truth = map_of(pair.gt.frames[frame], pair.gt_coding);
    view.prediction = map_of(pair.pred[frame], pair.pred_coding);
    return view;
  }

 private:
  PanopticMap map_of(const StepFrame& frame, StepCoding coding) const {
    IdMap ids = to_map(read_step_frame(frame, coding));
    for (std::uint32_t& value : ids.values()) {
      const std::uint32_t id = decode_step_value(value, coding);
      value = static_cast<int>(id >> kClassShift) == ignore_label ? 0 : view_id(id);
    }
    return describe_ids(std::move(ids), [&](std::uint32_t id) {
      Segment segment;
      segment.category = static_cast<int>(id >> kClassShift) - 1;
      const auto category = static_cast<std::size_t>(segment.category);
      if (category < categories.size() && categories[category].thing && (id & kInstanceMask) != 0)
        segment.track_id = id & kInstanceMask;
      return segment;
    });
  }
};

std::string track_name(std::uint32_t id, const std::vector<Category>& categories) {
  const std::string& name = categories[id >> kClassShift].name;
  return fmt::format("{} {}", name.empty() ? fmt::format("class {}", id >> kClassShift) : name,
                     id & kInstanceMask);
}

}  // namespace

bool StepObserver::is_track(std::uint32_t id) const {
  const std::size_t category = id >> kClassShift;
  return category < categories_.size() && categories_[category].thing && (id & kInstanceMask) != 0;
}

void StepObserver::add(const StepPair& pair, std::size_t frame, const PairTable& table,
                       const std::function<double()>& quality) {
  if (!is_observed(options_)) return;
  if (frame == 0) {
    recorder_ = {};
    view_ = [views = std::make_shared<const Views>(Views{pair, categories_, ignore_label_})](
                std::size_t index) { return views->view(index); };
  }
  if (options_.on_frame)
    options_.on_frame({pair.gt.name, frame_number_text(pair.gt.frames[frame]), quality(),
                       [view = view_, frame] { return view(frame); }});
  if (!options_.on_track) return;
  const auto keep_track = [&](std::uint32_t id) { return is_track(id) ? view_id(id) : 0; };
  recorder_.add(frame, map_values(table, keep_track, keep_track));
  if (frame + 1 < pair.gt.frames.size()) return;
  for (TrackSummary& track : recorder_.tracks())
    options_.on_track(
        {pair.gt.name, track_name(track.id - view_id(0), categories_), std::move(track), view_});
}

}  // namespace tessera
