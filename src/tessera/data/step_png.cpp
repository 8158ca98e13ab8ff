#include "tessera/data/step_png.h"

#include "tessera/core/error.h"
#include "tessera/data/coco_json.h"
#include "tessera/data/label_coding.h"
#include "tessera/data/problems.h"
#include "tessera/image/image_io.h"

namespace tessera {

PanopticMap read_step_png(const std::filesystem::path& path,
                          const std::vector<ClassInfo>& classes) {
  constexpr std::int64_t kTrackDivisor = 10000;
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
      meaning.track_id = id * kTrackDivisor + instance;
      meaning.crowd = instance == 0;
    }
    return meaning;
  });
}

}  // namespace tessera
