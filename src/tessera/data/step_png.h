#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "tessera/data/dataset.h"
#include "tessera/image/panoptic_map.h"

namespace tessera {

/// The value of unlabelled pixels in the red channel.
inline constexpr int kStepVoid = 255;
/// The identity of an object: class id * 10000 + the number in the file, as in Video K-Net's
/// loader. There larger numbers, which the file's two bytes hold as well, meet those of other
/// classes; here they stand apart.
std::int64_t step_track_id(std::int64_t class_id, std::int64_t number);
/// The number in the file.
std::int64_t step_track_number(std::int64_t track_id);

/// Reads a label picture as KITTI-STEP stores it: R = class id, G * 256 + B = instance. Pixels of a
/// thing class without an instance (0) are a crowd.
PanopticMap read_step_png(const std::filesystem::path& path, const std::vector<ClassInfo>& classes);

/// Classes and track ids of every pixel as KITTI-STEP's files number them; track 0 is for stuff and
/// for objects without a track.
struct StepMaps {
  IdMap classes;
  IdMap tracks;
};

/// `numbers` are the classes' numbers in the file, by class index; `unassigned` is that of pixels
/// without a segment.
StepMaps step_maps(const PanopticMap& map, const std::vector<int>& numbers, int unassigned);

/// The numbers that classes have in their dataset's files.
std::vector<int> dataset_numbers(const std::vector<ClassInfo>& classes);
/// Stuff classes from 0 on, then things: how VIPSeg's results number them.
std::vector<int> stuff_first_numbers(const std::vector<ClassInfo>& classes);

/// The label picture: R = class, G * 256 + B = track. An Error when a number is too large for the
/// format; `name` says what the maps belong to.
Image step_picture(const StepMaps& maps, std::string_view name);

}  // namespace tessera
