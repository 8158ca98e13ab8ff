#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "tessera/data/dataset.h"

/// The 19 classes of Cityscapes by trainId, which KITTI-STEP and Cityscapes-VPS share.
namespace tessera {

inline constexpr int kCityscapesVoid = 255;
inline constexpr int kCityscapesClasses = 19;

/// Things are the 8 from person to bicycle.
const std::vector<ClassInfo>& cityscapes_classes();
/// Things are person and car only, the rule of KITTI-STEP and Cityscapes-STEP.
const std::vector<ClassInfo>& cityscapes_step_classes();

/// "flat", "construction", ...: the group that the official files put a class in.
const char* cityscapes_group(int train_id);

/// The labelId of a trainId in the released files.
int cityscapes_label_id(int train_id);
/// The trainId of a labelId (0..33), 255 for those that aren't evaluated.
int cityscapes_train_id(int label_id);
/// One of the labelIds that the released files may hold.
bool is_cityscapes_label_id(int label_id);

/// Video K-Net's label order for STEP: person, car, then the 17 stuff classes by trainId.
int step_label_of_train_id(int train_id);
int step_train_id_of_label(int label);

}  // namespace tessera
