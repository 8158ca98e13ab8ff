#include "tessera/metrics/view_observer.h"

#include <algorithm>
#include <set>
#include <unordered_set>

#include "tessera/metrics/pq.h"

namespace tessera {
namespace {

std::vector<Segment> without_background(const std::vector<Segment>& segments) {
  std::vector<Segment> objects;
  std::copy_if(segments.begin(), segments.end(), std::back_inserter(objects),
               [](const Segment& segment) { return segment.category != kBackgroundCategory; });
  return objects;
}

double view_quality(const FrameView& view, const PairTable& pairs) {
  ClassQualities counts;
  match_segments(without_background(view.truth.segments),
                 without_background(view.prediction.segments), pairs, counts);
  std::vector<Category> categories;
  for (const auto& [category, count] : counts.classes()) categories.push_back({category, "", true});
  return coco_averages(counts, categories).all.pq;
}

/// `id` where it is an object's, 0 elsewhere.
std::function<std::uint32_t(std::uint32_t)> keep_tracks(const PanopticMap& map) {
  std::unordered_set<std::uint32_t> tracks;
  for (const Segment& segment : map.segments)
    if (segment.track_id >= 0) tracks.insert(segment.id);
  return [tracks = std::move(tracks)](std::uint32_t id) { return tracks.count(id) != 0 ? id : 0; };
}

}  // namespace

PanopticMap paint_objects(Size size, std::span<const PaintedObject> objects) {
  IdMap ids(size, 1, kBackgroundId);
  std::map<std::uint32_t, int> categories = {{kBackgroundId, kBackgroundCategory}};
  for (const PaintedObject& object : objects) {
    rle_paint(*object.mask, object.id, ids);
    categories[object.id] = object.category;
  }
  return describe_ids(std::move(ids), [&](std::uint32_t id) {
    Segment segment;
    segment.category = categories.at(id);
    segment.track_id = id == kBackgroundId ? -1 : static_cast<std::int64_t>(id);
    return segment;
  });
}

bool is_observed(const EvalOptions& options) { return options.on_frame || options.on_track; }

void observe_views(const EvalOptions& options, const std::string& sequence, std::size_t frames,
                   const std::function<FrameView(std::size_t)>& view,
                   const std::function<std::string(const Segment&)>& track_name) {
  TrackRecorder recorder;
  std::map<std::uint32_t, std::string> names;
  PairCounter counter;
  for (std::size_t frame = 0; frame < frames; ++frame) {
    const FrameView shown = view(frame);
    const PairTable pairs = counter.count(shown.truth.ids, shown.prediction.ids);
    if (options.on_frame)
      options.on_frame(
          {sequence, shown.name, view_quality(shown, pairs), [=] { return view(frame); }});
    if (!options.on_track || sequence.empty()) continue;
    recorder.add(frame, map_values(pairs, keep_tracks(shown.truth), keep_tracks(shown.prediction)));
    for (const Segment& segment : shown.truth.segments)
      if (segment.track_id >= 0) names.try_emplace(segment.id, track_name(segment));
  }
  for (TrackSummary& track : recorder.tracks())
    options.on_track({sequence, names.at(track.id), std::move(track), view});
}

}  // namespace tessera
