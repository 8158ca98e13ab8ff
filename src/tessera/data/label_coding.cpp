#include "tessera/data/label_coding.h"

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "tessera/core/error.h"
#include "tessera/data/problems.h"

namespace tessera {
namespace {

/// Replaces each value by the number of its kind, in order of first appearance, and lists the
/// kinds.
template <class T>
std::vector<std::uint32_t> number_values(const Pixels<T>& values, IdMap& numbers) {
  std::vector<std::uint32_t> kinds;
  std::unordered_map<std::uint32_t, std::uint32_t> number_of;
  const std::span<const T> from = values.values();
  const std::span<std::uint32_t> to = numbers.values();
  std::uint32_t last_value = 0, last_number = 0;
  bool known = false;
  for (std::size_t i = 0; i < from.size(); ++i) {
    const std::uint32_t value = from[i];
    if (!known || value != last_value) {  // labels come in long runs
      const auto [found, is_new] =
          number_of.try_emplace(value, static_cast<std::uint32_t>(kinds.size()));
      if (is_new) kinds.push_back(value);
      last_value = value;
      last_number = found->second;
      known = true;
    }
    to[i] = last_number;
  }
  return kinds;
}

template <class T>
PanopticMap decode(const Pixels<T>& values, const LabelDecoder& decode_value) {
  PanopticMap map;
  map.ids = IdMap(values.size(), 1);
  const std::vector<std::uint32_t> kinds = number_values(values, map.ids);
  std::vector<std::uint32_t> order(kinds.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](auto a, auto b) { return kinds[a] < kinds[b]; });

  std::vector<LabelMeaning> meanings;
  std::vector<std::uint32_t> id_of(kinds.size(), 0);
  for (const std::uint32_t number : order) {
    const std::optional<LabelMeaning> meaning = decode_value(kinds[number]);
    if (!meaning) continue;
    const auto same = std::find(meanings.begin(), meanings.end(), *meaning);
    id_of[number] = static_cast<std::uint32_t>(same - meanings.begin()) + 1;
    if (same == meanings.end()) meanings.push_back(*meaning);
  }

  std::vector<std::int64_t> areas(meanings.size() + 1, 0);
  for (std::uint32_t& id : map.ids.values()) {
    id = id_of[id];
    ++areas[id];
  }
  for (std::uint32_t i = 0; i < meanings.size(); ++i) {
    const LabelMeaning& meaning = meanings[i];
    Segment segment;
    segment.id = i + 1;
    segment.category = meaning.category;
    segment.track_id = meaning.track_id;
    segment.crowd = meaning.crowd;
    segment.ignore = meaning.ignore;
    segment.area = areas[i + 1];
    map.segments.push_back(segment);
  }
  return map;
}

}  // namespace

PanopticMap decode_labels(const IdMap& values, const LabelDecoder& decode_value) {
  return decode(values, decode_value);
}
PanopticMap decode_labels(const Image16& values, const LabelDecoder& decode_value) {
  return decode(values, decode_value);
}
PanopticMap decode_labels(const LabelMap& values, const LabelDecoder& decode_value) {
  return decode(values, decode_value);
}

LabelMap semantic_map(const PanopticMap& map) {
  constexpr std::uint8_t kVoid = 255;
  std::unordered_map<std::uint32_t, std::uint8_t> class_of{{0, kVoid}};
  for (const Segment& segment : map.segments)
    class_of[segment.id] = segment.ignore || segment.category < 0
                               ? kVoid
                               : static_cast<std::uint8_t>(segment.category);
  LabelMap classes(map.ids.size(), 1);
  std::uint32_t last_id = 0;
  std::uint8_t last_class = kVoid;
  for (std::size_t i = 0; i < classes.values().size(); ++i) {
    const std::uint32_t id = map.ids.values()[i];
    if (id != last_id) {
      last_id = id;
      last_class = class_of.at(id);
    }
    classes.values()[i] = last_class;
  }
  return classes;
}

void check_same_size(Size picture, Size labels, std::string_view labels_path) {
  if (picture != labels)
    fail_as(ProblemKind::kWrongSize,
            "{}: the labels are {}, their picture is {}; both must have one size", labels_path,
            to_string(labels), to_string(picture));
}

}  // namespace tessera
