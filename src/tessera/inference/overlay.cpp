#include "tessera/inference/overlay.h"

#include "tessera/report/panoptic_view.h"

namespace tessera {
namespace {

constexpr float kShownScore = 0.3F;  ///< unlikelier objects would cover the picture

Segment make_segment(std::uint32_t id, int label, std::int64_t area) {
  Segment segment;
  segment.id = id;
  segment.category = label;
  segment.area = area;
  return segment;
}

PanopticMap map_of(const PanopticPrediction& panoptic) {
  PanopticMap map{IdMap(panoptic.ids.size(), 1), {}};
  for (std::size_t i = 0; i < map.ids.values().size(); ++i)
    map.ids.values()[i] = static_cast<std::uint32_t>(panoptic.ids.values()[i] - kVoidSegment);
  for (const PredictedSegment& segment : panoptic.segments)
    map.segments.push_back(make_segment(static_cast<std::uint32_t>(segment.id - kVoidSegment),
                                        segment.label, segment.area));
  return map;
}

/// Likelier objects lie above others.
PanopticMap map_of(const std::vector<PredictedInstance>& instances, Size size) {
  PanopticMap map{IdMap(size, 1), {}};
  for (auto instance = instances.rbegin(); instance != instances.rend(); ++instance) {
    if (instance->score < kShownScore) continue;
    const auto id = static_cast<std::uint32_t>(map.segments.size()) + 1;
    rle_paint(instance->mask, id, map.ids);
    map.segments.push_back(
        make_segment(id, instance->label, static_cast<std::int64_t>(rle_area(instance->mask))));
  }
  return map;
}

PanopticMap map_of(const LabelMap& labels, std::size_t classes) {
  PanopticMap map{IdMap(labels.size(), 1), {}};
  std::vector<std::int64_t> areas(classes, 0);
  for (std::size_t i = 0; i < labels.values().size(); ++i) {
    const std::uint8_t label = labels.values()[i];
    if (label >= classes) continue;
    map.ids.values()[i] = label + 1U;
    ++areas[label];
  }
  for (std::size_t label = 0; label < classes; ++label) {
    map.segments.push_back(
        make_segment(static_cast<std::uint32_t>(label) + 1, static_cast<int>(label), areas[label]));
    map.segments.back().crowd = true;  // one object or many: drawn in the class's colour
  }
  return map;
}

}  // namespace

Image draw_prediction(const Image& picture, const Prediction& prediction,
                      const std::vector<ClassInfo>& classes) {
  const ViewOptions options{ViewMode::kOverlay, kNameHeight};
  if (prediction.panoptic)
    return draw_panoptic(options, map_of(*prediction.panoptic), classes, picture);
  if (prediction.instances)
    return draw_panoptic(options, map_of(*prediction.instances, picture.size()), classes, picture);
  if (prediction.semantic)
    return draw_panoptic(options, map_of(*prediction.semantic, classes.size()), classes, picture);
  return picture;
}

}  // namespace tessera
