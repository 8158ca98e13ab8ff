#include "tessera/data/step_png.h"

#include <unordered_map>

#include "tessera/core/error.h"
#include "tessera/data/coco_json.h"
#include "tessera/data/label_coding.h"
#include "tessera/data/problems.h"
#include "tessera/image/image_io.h"

namespace tessera {
namespace {

constexpr std::int64_t kOfficialNumbers = 10000, kMostTracks = 65536;
constexpr std::int64_t kFirstApart = 256 * kMostTracks;  // above every official identity

}  // namespace

std::int64_t step_track_id(std::int64_t class_id, std::int64_t number) {
  return number < kOfficialNumbers ? class_id * kOfficialNumbers + number
                                   : kFirstApart + class_id * kMostTracks + number;
}

std::int64_t step_track_number(std::int64_t track_id) {
  return track_id % (track_id < kFirstApart ? kOfficialNumbers : kMostTracks);
}

PanopticMap read_step_png(const std::filesystem::path& path,
                          const std::vector<ClassInfo>& classes) {
  const Image labels = read_rgb_png(path);
  const auto index_of_class = index_by_id(classes);
  IdMap values(labels.size(), 1);  // in the order of the track ids
  const std::uint8_t* rgb = labels.data();
  for (std::uint32_t& value : values.values()) {
    value = rgb[0] * 65536U + rgb[1] * 256U + rgb[2];
    rgb += 3;
  }
  return decode_labels(values, [&](std::uint32_t value) -> std::optional<LabelMeaning> {
    const std::int64_t id = value >> 16, instance = value & 65535;
    if (id == kStepVoid) return std::nullopt;
    const auto index = index_of_class.find(id);
    if (index == index_of_class.end())
      fail_as(ProblemKind::kUnknownClass,
              "{}: class {} in the red channel is unknown; expected one of the {} classes or {}",
              path.string(), id, classes.size(), kStepVoid);
    LabelMeaning meaning{index->second};
    if (classes[index->second].is_thing) {
      meaning.track_id = step_track_id(id, instance);
      meaning.crowd = instance == 0;
    }
    return meaning;
  });
}

StepMaps step_maps(const PanopticMap& map, const std::vector<int>& numbers, int unassigned) {
  std::unordered_map<std::uint32_t, const Segment*> segments;
  for (const Segment& segment : map.segments) segments[segment.id] = &segment;
  StepMaps maps = {IdMap(map.ids.size(), 1), IdMap(map.ids.size(), 1)};
  std::uint32_t id = 0;
  auto category = static_cast<std::uint32_t>(unassigned);
  std::uint32_t track = 0;
  for (std::size_t i = 0; i < map.ids.values().size(); ++i) {
    if (map.ids.values()[i] != id) {  // most pixels have their neighbour's segment
      id = map.ids.values()[i];
      const auto found = segments.find(id);
      const Segment* segment = found == segments.end() ? nullptr : found->second;
      category = static_cast<std::uint32_t>(segment ? numbers[segment->category] : unassigned);
      track = segment && segment->track_id > 0 ? static_cast<std::uint32_t>(segment->track_id) : 0;
    }
    maps.classes.values()[i] = category;
    maps.tracks.values()[i] = track;
  }
  return maps;
}

std::vector<int> dataset_numbers(const std::vector<ClassInfo>& classes) {
  std::vector<int> numbers;
  for (const ClassInfo& info : classes) numbers.push_back(info.id);
  return numbers;
}

std::vector<int> stuff_first_numbers(const std::vector<ClassInfo>& classes) {
  std::vector<int> numbers(classes.size());
  int next = 0;
  for (const bool things : {false, true})
    for (std::size_t c = 0; c < classes.size(); ++c)
      if (classes[c].is_thing == things) numbers[c] = next++;
  return numbers;
}

Image step_picture(const StepMaps& maps, std::string_view name) {
  constexpr std::uint32_t kMostClasses = 256;
  Image picture(maps.classes.size(), 3);
  std::uint8_t* rgb = picture.data();
  for (std::size_t i = 0; i < maps.classes.values().size(); ++i, rgb += 3) {
    const std::uint32_t category = maps.classes.values()[i], track = maps.tracks.values()[i];
    if (category >= kMostClasses || track >= kMostTracks)
      fail(
          "{}: class {}, track {} do not fit KITTI-STEP's pictures, which hold classes up to {} "
          "and "
          "tracks up to {}; split the sequence",
          name, category, track, kMostClasses - 1, kMostTracks - 1);
    rgb[0] = static_cast<std::uint8_t>(category);
    rgb[1] = static_cast<std::uint8_t>(track >> 8);
    rgb[2] = static_cast<std::uint8_t>(track & 255);
  }
  return picture;
}

}  // namespace tessera
