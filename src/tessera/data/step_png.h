#pragma once

#include <filesystem>
#include <vector>

#include "tessera/data/dataset.h"
#include "tessera/image/panoptic_map.h"

namespace tessera {

/// The value of unlabelled pixels in the red channel.
inline constexpr int kStepVoid = 255;

/// Reads a label picture as KITTI-STEP stores it: R = class id, G * 256 + B = instance. Track ids
/// are class id * 10000 + instance; pixels of a thing class without an instance (0) are a crowd.
PanopticMap read_step_png(const std::filesystem::path& path, const std::vector<ClassInfo>& classes);

}  // namespace tessera
