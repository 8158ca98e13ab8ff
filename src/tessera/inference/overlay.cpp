#include "tessera/inference/overlay.h"

#include <array>
#include <cstdint>
#include <span>

#include "tessera/core/random.h"

namespace tessera {
namespace {

/// Objects of one class are told apart by a shift of the class's colour.
Color segment_color(const ClassInfo& info, std::size_t number) {
  if (!info.is_thing) return info.color;
  Color color = info.color;
  const std::uint64_t hash = splitmix64(number + 1);
  for (int c = 0; c < 3; ++c)
    color[c] = static_cast<std::uint8_t>(color[c] / 2 + ((hash >> 8 * c) & 127));
  return color;
}

/// Blends the colours of [1, n] into the picture; 0 leaves it as it is.
void blend(Image& picture, const IdMap& numbers, std::span<const Color> colors) {
  for (int y = 0; y < picture.height(); ++y)
    for (int x = 0; x < picture.width(); ++x) {
      const std::uint32_t number = numbers.at(x, y);
      const bool border =
          (x > 0 && numbers.at(x - 1, y) != number) || (y > 0 && numbers.at(x, y - 1) != number);
      std::uint8_t* pixel = &picture.at(x, y);
      for (int c = 0; c < 3; ++c) {
        if (border)
          pixel[c] = 255;
        else if (number > 0)
          pixel[c] = static_cast<std::uint8_t>((pixel[c] + colors[number - 1][c] + 1) / 2);
      }
    }
}

void draw_panoptic(Image& picture, const PanopticPrediction& panoptic,
                   const std::vector<ClassInfo>& classes) {
  IdMap numbers(picture.size(), 1);
  std::vector<Color> colors;
  for (const PredictedSegment& segment : panoptic.segments) {
    colors.push_back(segment_color(classes[segment.label], colors.size()));
    for (std::size_t i = 0; i < numbers.values().size(); ++i)
      if (panoptic.ids.values()[i] == segment.id)
        numbers.values()[i] = static_cast<std::uint32_t>(colors.size());
  }
  blend(picture, numbers, colors);
}

/// Objects that are likely enough to be shown; the rest would cover the picture.
void draw_instances(Image& picture, const std::vector<PredictedInstance>& instances,
                    const std::vector<ClassInfo>& classes) {
  constexpr float kShown = 0.3F;
  IdMap numbers(picture.size(), 1);
  std::vector<Color> colors;
  for (auto instance = instances.rbegin(); instance != instances.rend(); ++instance) {
    if (instance->score < kShown) continue;
    colors.push_back(segment_color(classes[instance->label], colors.size()));
    const auto mask = rle_decode(instance->mask);
    for (std::size_t i = 0; i < numbers.values().size(); ++i)
      if (mask.values()[i] != 0) numbers.values()[i] = static_cast<std::uint32_t>(colors.size());
  }
  blend(picture, numbers, colors);
}

void draw_semantic(Image& picture, const LabelMap& labels, const std::vector<ClassInfo>& classes) {
  IdMap numbers(picture.size(), 1);
  std::vector<Color> colors;
  for (const ClassInfo& info : classes) colors.push_back(info.color);
  for (std::size_t i = 0; i < numbers.values().size(); ++i)
    if (labels.values()[i] < classes.size()) numbers.values()[i] = labels.values()[i] + 1U;
  blend(picture, numbers, colors);
}

}  // namespace

Image draw_prediction(const Image& picture, const Prediction& prediction,
                      const std::vector<ClassInfo>& classes) {
  Image result = picture;
  if (prediction.panoptic) draw_panoptic(result, *prediction.panoptic, classes);
  if (prediction.instances) draw_instances(result, *prediction.instances, classes);
  if (prediction.semantic) draw_semantic(result, *prediction.semantic, classes);
  return result;
}

}  // namespace tessera
