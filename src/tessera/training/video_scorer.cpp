#include "tessera/training/video_scorer.h"

#include <unordered_map>

#include "tessera/core/error.h"

namespace tessera {
namespace {

constexpr int kClassShift = 16;
constexpr std::uint32_t kVoid = 255;

std::vector<Category> categories_of(const std::vector<ClassInfo>& classes) {
  std::vector<Category> categories;
  for (std::size_t c = 0; c < classes.size(); ++c)
    categories.push_back({static_cast<int>(c), classes[c].name, classes[c].is_thing});
  return categories;
}

StqSettings stq_settings(const std::vector<ClassInfo>& classes) {
  StqSettings settings;
  settings.categories = categories_of(classes);
  settings.ignore_label = kVoid;
  return settings;
}

VpqSettings vpq_settings(const std::vector<ClassInfo>& classes) {
  VpqSettings settings;
  settings.categories = categories_of(classes);
  settings.ignore_label = kVoid;
  return settings;
}

}  // namespace

VideoScorer::VideoScorer(const std::vector<ClassInfo>& classes)
    : classes_(classes), stq_(stq_settings(classes)), vpq_(vpq_settings(classes)) {}

void VideoScorer::begin_sequence(std::size_t order, const std::string& name) {
  stq_.begin_sequence(order, name);
  vpq_.begin_sequence(order, name);
  true_numbers_.clear();
  predicted_numbers_.clear();
}

IdMap VideoScorer::encode(const PanopticMap& map, Numbers& numbers) const {
  std::unordered_map<std::uint32_t, std::uint32_t> values = {{0, kVoid << kClassShift}};
  for (const Segment& segment : map.segments) {
    std::uint32_t value = (segment.ignore ? kVoid : static_cast<std::uint32_t>(segment.category))
                          << kClassShift;
    const bool tracked = !segment.ignore && !segment.crowd && segment.track_id >= 0 &&
                         classes_[static_cast<std::size_t>(segment.category)].is_thing;
    if (tracked) {
      const auto number =
          numbers.try_emplace(segment.track_id, static_cast<std::uint32_t>(numbers.size()) + 1);
      if (number.first->second >> kClassShift != 0)
        fail("a sequence has more than {} tracks", (1 << kClassShift) - 1);
      value |= number.first->second;
    }
    values[segment.id] = value;
  }
  IdMap encoded(map.ids.size(), 1);
  for (std::size_t i = 0; i < map.ids.values().size(); ++i) {
    const std::uint32_t id = map.ids.values()[i];
    encoded.values()[i] =
        i > 0 && id == map.ids.values()[i - 1] ? encoded.values()[i - 1] : values.at(id);
  }
  return encoded;
}

void VideoScorer::add(const PanopticMap& truth, const PanopticMap& predicted) {
  last_pairs_ = counter_.count(encode(truth, true_numbers_), encode(predicted, predicted_numbers_));
  stq_.add_frame(last_pairs_);
  vpq_.add_frame({last_pairs_, {}, {}});
}

nlohmann::json VideoScorer::save() const { return {{"stq", stq_.save()}, {"vpq", vpq_.save()}}; }

void VideoScorer::merge(const nlohmann::json& saved) {
  stq_.merge(*SegmentationTrackingQuality::restore(saved.at("stq")));
  vpq_.merge(*VideoPanopticQuality::restore(saved.at("vpq")));
}

Scores VideoScorer::scores() const {
  const auto percent = [](const nlohmann::ordered_json& value) {
    return value.is_number() ? 100 * value.get<double>() : 0;
  };
  const auto stq = stq_.report().json;
  double vpq = 0;
  const auto windows = vpq_.report().json["windows"];
  for (const auto& [length, window] : windows.items()) vpq += window["PQ"].get<double>();
  return {{"STQ", percent(stq["STQ"])},
          {"AQ", percent(stq["AQ"])},
          {"SQ", percent(stq["IoU"])},
          {"VPQ", vpq / static_cast<double>(windows.size())}};
}

}  // namespace tessera
