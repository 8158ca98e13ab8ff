#include "tessera/report/view_drawing.h"

#include <functional>

#include "tessera/data/datasets/cityscapes_classes.h"
#include "tessera/image/draw.h"

namespace tessera {
namespace {

constexpr Color kNotJudged = {255, 255, 255}, kRight = {222, 226, 233}, kOtherClass = {214, 40, 57},
                kOtherObject = {245, 158, 11};
constexpr Color kBackground = {38, 42, 51}, kNothing = {0, 0, 0};
// Keeps an unpaired prediction's colour apart from that of a true object of the same number.
constexpr std::uint64_t kUnpaired = 1ULL << 40;

using SegmentById = std::unordered_map<std::uint32_t, const Segment*>;

SegmentById index(const PanopticMap& map) {
  SegmentById by_id;
  for (const Segment& segment : map.segments) by_id.emplace(segment.id, &segment);
  return by_id;
}

bool is_object(const SegmentById& by_id, std::uint32_t id) {
  const auto found = by_id.find(id);
  return found != by_id.end() && found->second->track_id >= 0;
}

Color class_color(int category, bool street) {
  if (street) {
    const auto& classes = cityscapes_classes();
    return category < static_cast<int>(classes.size())
               ? classes[static_cast<std::size_t>(category)].color
               : kNothing;
  }
  // Quieter than objects.
  Color color = identity_color(static_cast<std::uint64_t>(category));
  for (std::uint8_t& channel : color) channel = static_cast<std::uint8_t>((channel + 2 * 110) / 3);
  return color;
}

Color color_of(const Segment& segment, bool street, std::uint64_t identity) {
  if (segment.category == kBackgroundCategory) return kBackground;
  return segment.track_id >= 0 ? identity_color(identity) : class_color(segment.category, street);
}

using ColorById = std::unordered_map<std::uint32_t, Color>;

Image fill(const IdMap& ids, const ColorById& colors) {
  Image picture(ids.size(), 3);
  std::uint8_t* out = picture.data();
  for (const std::uint32_t id : ids.values()) {
    const auto found = colors.find(id);
    const Color color = found == colors.end() ? kNothing : found->second;
    out = std::copy(color.begin(), color.end(), out);
  }
  return picture;
}

}  // namespace

void ObjectPairs::add(const FrameView& view) {
  const SegmentById truth = index(view.truth), prediction = index(view.prediction);
  const auto keep = [](const SegmentById& by_id) {
    return [&](std::uint32_t id) { return is_object(by_id, id) ? id : 0; };
  };
  pairs_ = add_tables(pairs_, map_values(PairCounter().count(view.truth.ids, view.prediction.ids),
                                         keep(truth), keep(prediction)));
  std::unordered_map<std::uint32_t, PairCount> best_of_truth, best_of_prediction;
  for (const PairCount& pair : pairs_) {
    if (pair.gt == 0 || pair.pred == 0) continue;
    for (PairCount* best : {&best_of_truth[pair.gt], &best_of_prediction[pair.pred]})
      if (pair.count > best->count) *best = pair;
  }
  truth_of_.clear();
  for (const auto& [truth_id, best] : best_of_truth)
    if (best_of_prediction[best.pred].gt == truth_id) truth_of_[best.pred] = truth_id;
}

std::uint32_t ObjectPairs::truth_of(std::uint32_t prediction) const {
  const auto found = truth_of_.find(prediction);
  return found == truth_of_.end() ? 0 : found->second;
}

Image draw_truth(const FrameView& view) {
  ColorById colors;
  for (const Segment& segment : view.truth.segments)
    colors[segment.id] = color_of(segment, view.street, segment.id);
  return fill(view.truth.ids, colors);
}

Image draw_prediction(const FrameView& view, const ObjectPairs& pairs) {
  ColorById colors;
  for (const Segment& segment : view.prediction.segments) {
    const std::uint32_t truth = pairs.truth_of(segment.id);
    colors[segment.id] =
        color_of(segment, view.street, truth != 0 ? truth : segment.id + kUnpaired);
  }
  return fill(view.prediction.ids, colors);
}

Difference draw_difference(const FrameView& view, const ObjectPairs& pairs) {
  const SegmentById truth = index(view.truth), prediction = index(view.prediction);
  const auto judge = [&](std::uint32_t gt, std::uint32_t pred) {
    if (gt == 0) return kNotJudged;
    const auto found = prediction.find(pred);
    if (found == prediction.end() || found->second->category != truth.at(gt)->category)
      return kOtherClass;
    return is_object(truth, gt) && pairs.truth_of(pred) != gt ? kOtherObject : kRight;
  };
  Difference difference{Image(view.truth.ids.size(), 3), 0};
  std::uint8_t* out = difference.picture.data();
  std::int64_t judged = 0, wrong = 0;
  std::uint32_t last_gt = 0, last_pred = 0;
  Color color = kNotJudged;
  for (std::size_t i = 0; i < view.truth.ids.values().size(); ++i) {
    const std::uint32_t gt = view.truth.ids.values()[i], pred = view.prediction.ids.values()[i];
    if (gt != last_gt || pred != last_pred) color = judge(last_gt = gt, last_pred = pred);
    judged += color != kNotJudged;
    wrong += color == kOtherClass || color == kOtherObject;
    out = std::copy(color.begin(), color.end(), out);
  }
  if (judged > 0) difference.wrong = static_cast<double>(wrong) / static_cast<double>(judged);
  return difference;
}

}  // namespace tessera
