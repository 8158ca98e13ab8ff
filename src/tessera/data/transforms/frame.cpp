#include "tessera/data/transforms/frame.h"

#include <algorithm>
#include <map>
#include <utility>

#include "tessera/core/error.h"
#include "tessera/data/label_coding.h"

namespace tessera {
namespace {

void check_size(const Frame& frame, Size labels, const char* what) {
  if (labels != frame.image.size())
    fail("{}: the {} are {}, the picture is {}; labels must be of the picture's size",
         frame.key.name, what, to_string(labels), to_string(frame.image.size()));
}

/// Of a segment or an instance.
template <class Labelled>
bool is_dropped(const Labelled& labelled, Crowds crowds) {
  return labelled.ignore || (labelled.crowd && crowds == Crowds::kDropped);
}

void grow(Corners& box, int x, int y) {
  box.x1 = std::min(box.x1, static_cast<float>(x));
  box.y1 = std::min(box.y1, static_cast<float>(y));
  box.x2 = std::max(box.x2, static_cast<float>(x));
  box.y2 = std::max(box.y2, static_cast<float>(y));
}

Corners stated_box(const Box& box, const Frame& frame) {
  const double last = frame.inclusive_boxes ? 1 : 0;
  return {static_cast<float>(box.x), static_cast<float>(box.y),
          static_cast<float>(box.x + box.width - last),
          static_cast<float>(box.y + box.height - last)};
}

void add_panoptic(PanopticMap map, const std::vector<bool>& things, Crowds crowds, Frame& frame) {
  check_size(frame, map.ids.size(), "panoptic labels");
  for (const Segment& segment : map.segments) {
    if (segment.ignore) continue;  // may have no class at all
    if (segment.category < 0 || static_cast<std::size_t>(segment.category) >= things.size())
      fail("{}: segment {} has class {}, the dataset has classes 0 to {}", frame.key.name,
           segment.id, segment.category, static_cast<int>(things.size()) - 1);
    if (!things[segment.category] || is_dropped(segment, crowds)) continue;
    frame.objects.push_back({.category = segment.category,
                             .track_id = segment.track_id,
                             .crowd = segment.crowd,
                             .id = segment.id});
  }
  frame.ids = std::move(map.ids);
  measure_objects(frame);
  for (FrameObject& object : frame.objects) {
    const auto segment = std::ranges::find(map.segments, object.id, &Segment::id);
    if (segment->box.width > 0) object.box = stated_box(segment->box, frame);
  }
}

void add_instances(std::vector<Instance> instances, Crowds crowds, Frame& frame) {
  for (const Instance& instance : instances) {
    if (is_dropped(instance, crowds)) continue;
    check_size(frame, instance.mask.size, "instance masks");
    frame.objects.push_back({.category = instance.category,
                             .track_id = instance.track_id,
                             .crowd = instance.crowd,
                             .mask = rle_decode(instance.mask),
                             .box = stated_box(instance.box, frame)});
  }
}

}  // namespace

/// Reads the map by runs of equal ids: segments are wide, so the look-up is rare.
void measure_objects(Frame& frame) {
  const float far = static_cast<float>(std::max(frame.ids.width(), frame.ids.height()));
  std::map<std::uint32_t, Corners> boxes;
  for (const FrameObject& object : frame.objects)
    if (object.mask.empty()) boxes[object.id] = {far, far, -1, -1};
  for (int y = 0; y < frame.ids.height(); ++y) {
    const std::uint32_t* row = frame.ids.row(y);
    for (int x = 0; x < frame.ids.width();) {
      int end = x + 1;
      while (end < frame.ids.width() && row[end] == row[x]) ++end;
      const auto box = boxes.find(row[x]);
      if (box != boxes.end()) {
        grow(box->second, x, y);
        grow(box->second, end - 1, y);
      }
      x = end;
    }
  }
  for (FrameObject& object : frame.objects)
    if (object.mask.empty()) object.box = boxes[object.id];
  std::erase_if(frame.objects,
                [](const FrameObject& object) { return object.mask.empty() && object.box.x2 < 0; });
}

void make_precise(Frame& frame) {
  if (!frame.precise.empty()) return;
  frame.precise = Pixels<float>(frame.image.size(), frame.image.channels());
  std::ranges::copy(frame.image.values(), frame.precise.data());
  frame.image = {};
  if (frame.invalid.empty()) return;
  frame.valid = Pixels<float>(frame.precise.size(), 1, 1);
  for (std::size_t i = 0; i < frame.invalid.values().size(); ++i) {
    if (frame.invalid.values()[i] == 0) continue;
    frame.valid.values()[i] = 0;
    std::fill_n(frame.precise.data() + 3 * i, 3, 0.0f);
  }
  frame.invalid = {};
}

void ignore_background(Frame& frame) {
  frame.ignored = LabelMap(frame.size(), 1, 1);
  const auto ignored = frame.ignored.values();
  for (const FrameObject& object : frame.objects)
    for (std::size_t i = 0; i < ignored.size(); ++i)
      if (object.mask.empty() ? frame.ids.values()[i] == object.id : object.mask.values()[i] != 0)
        ignored[i] = 0;
}

Frame to_frame(Sample sample, const std::vector<bool>& things, Crowds crowds,
               bool inclusive_boxes) {
  Frame frame{.key = std::move(sample.key), .image = std::move(sample.image)};
  frame.inclusive_boxes = inclusive_boxes;
  if (frame.image.channels() != 3)
    fail("{}: the picture has {} channels, expected 3 (R, G, B)", frame.key.name,
         frame.image.channels());
  const Size size = frame.image.size();
  frame.record = {.ori_size = size, .img_size = size, .pad_size = size};
  if (sample.semantic) {
    check_size(frame, sample.semantic->size(), "class labels");
    frame.semantic = std::move(*sample.semantic);
  }
  if (sample.panoptic && !sample.semantic) frame.semantic = semantic_map(*sample.panoptic);
  if (sample.ignored) {
    check_size(frame, sample.ignored->size(), "ignored pixels");
    frame.ignored = std::move(*sample.ignored);
  }
  if (!sample.instances.empty()) {
    add_instances(std::move(sample.instances), crowds, frame);
  } else if (sample.panoptic) {
    add_panoptic(std::move(*sample.panoptic), things, crowds, frame);
  }
  return frame;
}

}  // namespace tessera
