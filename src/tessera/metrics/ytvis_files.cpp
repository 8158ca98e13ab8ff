#include <algorithm>
#include <cmath>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "tessera/core/error.h"
#include "tessera/core/json.h"
#include "tessera/core/thread_pool.h"
#include "tessera/metrics/annotation_json.h"
#include "tessera/metrics/evaluate.h"
#include "tessera/metrics/view_observer.h"
#include "tessera/metrics/ytvis.h"

namespace tessera {
namespace {

struct Video {
  std::int64_t id = 0;
  Size size;
  std::size_t length = 0;
  bool mine = true;
  std::vector<Track> objects, detections;
};

/// The videos of a data set by id, and the categories.
struct YtvisData {
  std::vector<Video> videos;
  std::unordered_map<std::int64_t, std::size_t> place;
  std::vector<ApCategory> categories;
  std::unordered_set<std::int64_t> category_ids;
};

void read_videos(const JsonFile& file, Shard shard, YtvisData& data) {
  file.for_each("videos", [&](const JsonValue& entry, std::string_view) {
    Video video;
    video.id = entry.integer("id");
    video.size = {static_cast<int>(entry.integer("width")),
                  static_cast<int>(entry.integer("height"))};
    video.length = entry.at("file_names").as_list("file_names").size();
    data.videos.push_back(std::move(video));
  });
  if (data.videos.empty()) fail("{}: there are no videos", file.path().string());
  std::sort(data.videos.begin(), data.videos.end(),
            [](const Video& a, const Video& b) { return a.id < b.id; });
  for (std::size_t i = 0; i < data.videos.size(); ++i) {
    data.videos[i].mine = shard.takes(i);
    if (!data.place.emplace(data.videos[i].id, i).second)
      fail("{}: video id {} comes twice", file.path().string(), data.videos[i].id);
  }
}

Video& video_of(YtvisData& data, const JsonValue& entry) {
  const std::int64_t id = entry.integer("video_id");
  const auto found = data.place.find(id);
  if (found == data.place.end()) fail("video_id {} is not in the ground truth's videos", id);
  return data.videos[found->second];
}

/// Category and masks, which objects and detections spell alike.
Track read_track(const JsonValue& entry, const YtvisData& data, const Video& video) {
  Track track;
  track.category = entry.integer("category_id");
  if (data.category_ids.count(track.category) == 0)
    fail("category_id {} is not in the ground truth's categories", track.category);
  const std::vector<JsonValue> masks = entry.at("segmentations").as_list("segmentations");
  if (masks.size() > video.length)
    fail("{} segmentations for video {} of {} frames", masks.size(), video.id, video.length);
  for (std::size_t frame = 0; frame < masks.size(); ++frame) {
    if (masks[frame].is_null()) {
      track.masks.emplace_back();
      continue;
    }
    with_context(fmt::format("video {}, frame {}", video.id, frame),
                 [&] { track.masks.push_back(read_rle(masks[frame], video.size)); });
  }
  return track;
}

void read_objects(const JsonFile& file, YtvisData& data) {
  std::unordered_set<std::int64_t> ids;
  file.for_each("annotations", [&](const JsonValue& entry, std::string_view) {
    const std::int64_t id = entry.integer("id");
    if (!ids.insert(id).second) fail("annotation id {} comes twice", id);
    Video& video = video_of(data, entry);
    if (!video.mine) return;
    Track object = with_context(fmt::format("annotation {}", id),
                                [&] { return read_track(entry, data, video); });
    object.crowd = entry.flag("iscrowd");
    std::vector<double> areas;
    for (const JsonValue& area : entry.at("areas").as_list("areas"))
      areas.push_back(area.is_null() ? 0.0 : area.as_number("areas"));
    object.area = mean_visible_area(areas);
    video.objects.push_back(std::move(object));
  });
}

void read_detections(const EvalOptions& options, YtvisData& data) {
  const JsonFile results(options.pred, JsonRoot::kList);
  bool any = false;
  results.for_each_entry([&](const JsonValue& entry, std::string_view) {
    any = true;
    Video& video = video_of(data, entry);
    Track detection = read_track(entry, data, video);
    detection.score = entry.number("score");
    if (!std::isfinite(detection.score)) fail("score is {}", detection.score);
    std::vector<double> areas;
    for (const auto& mask : detection.masks)
      areas.push_back(mask ? static_cast<double>(rle_area(*mask)) : 0.0);
    detection.area = mean_visible_area(areas);
    if (video.mine) video.detections.push_back(std::move(detection));
  });
  if (!any) fail("{}: the list of results is empty", options.pred.string());
}

PanopticMap paint_tracks(const std::vector<const Track*>& tracks, std::size_t frame, Size size) {
  std::vector<PaintedObject> objects;
  for (std::size_t i = 0; i < tracks.size(); ++i) {
    const Track& track = *tracks[i];
    if (frame >= track.masks.size() || !track.masks[frame]) continue;
    objects.push_back({&*track.masks[frame], track.crowd ? 0 : static_cast<std::uint32_t>(i + 1),
                       static_cast<int>(track.category)});
  }
  return paint_objects(size, objects);
}

/// Small objects and sure detections in front.
FrameView view_of(const Video& video, std::size_t frame) {
  std::vector<const Track*> objects, detections;
  for (const Track& object : video.objects) objects.push_back(&object);
  std::stable_sort(objects.begin(), objects.end(),
                   [](const Track* a, const Track* b) { return a->area > b->area; });
  for (const Track& detection : video.detections)
    if (detection.score >= kShownScore) detections.push_back(&detection);
  std::stable_sort(detections.begin(), detections.end(),
                   [](const Track* a, const Track* b) { return a->score < b->score; });
  return {fmt::format("{:05}", frame), paint_tracks(objects, frame, video.size),
          paint_tracks(detections, frame, video.size), false};
}

void observe_videos(const EvalOptions& options, YtvisData data) {
  std::map<std::int64_t, std::string> names;
  for (const ApCategory& category : data.categories) names[category.id] = category.name;
  for (Video& video : data.videos) {
    if (!video.mine) continue;
    const auto kept = std::make_shared<const Video>(std::move(video));
    observe_views(
        options, fmt::format("video {}", kept->id), kept->length,
        [kept](std::size_t frame) { return view_of(*kept, frame); },
        [&](const Segment& object) {
          return fmt::format("{} {}", names.at(object.category), object.id);
        });
  }
}

EvalResult evaluate_ytvis(const EvalOptions& options) {
  const JsonFile gt(options.gt);
  YtvisData data;
  read_videos(gt, options.shard, data);
  data.categories = read_categories(gt);
  for (const ApCategory& category : data.categories) data.category_ids.insert(category.id);
  read_objects(gt, data);
  read_detections(options, data);

  // Counts add up exactly in any order, so each thread has its own.
  const auto workers = static_cast<std::size_t>(std::max(1, options.threads));
  std::vector<YtvisAp> counts(workers, YtvisAp(data.categories));
  parallel_for(data.videos.size(), static_cast<int>(workers), [&](std::size_t i, int worker) {
    const Video& video = data.videos[i];
    counts[static_cast<std::size_t>(worker)].add(video.id, video.objects, video.detections);
  });
  auto metric = std::make_unique<YtvisAp>(std::move(counts[0]));
  for (std::size_t worker = 1; worker < workers; ++worker) metric->merge(counts[worker]);
  std::vector<std::string> units;
  for (const Video& video : data.videos) units.push_back(std::to_string(video.id));
  if (is_observed(options)) observe_videos(options, std::move(data));
  return {std::move(metric), dataset_fingerprint(units)};
}

}  // namespace

MetricKind ytvis_kind() {
  return {"ytvis",
          "YouTube-VIS average precision and recall over tracks (annotations and results as JSON)",
          "tessera eval ytvis --gt instances.json --pred results.json",
          {{"ytvis", "youtubevos/cocoapi's YTVOSeval"}},
          evaluate_ytvis,
          YtvisAp::restore};
}

}  // namespace tessera
