#pragma once

#include <vector>

#include "tessera/data/dataset.h"

namespace tessera {

/// The 40 classes of each year, ids 1..40; colours are the VOC colour map.
const std::vector<ClassInfo>& youtube_vis_2019_classes();
const std::vector<ClassInfo>& youtube_vis_2021_classes();

}  // namespace tessera
