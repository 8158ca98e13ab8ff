#pragma once

#include <string>
#include <vector>

namespace tessera {

/// The sequences of a split ("train", "val", "test") of KITTI-STEP and KITTI-MOTS: "0002", ...
std::vector<std::string> kitti_sequences(const std::string& split);

}  // namespace tessera
