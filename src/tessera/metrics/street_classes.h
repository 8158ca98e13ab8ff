#pragma once

#include <vector>

#include "tessera/metrics/class_quality.h"

namespace tessera {

/// The 19 trainIds of Cityscapes and KITTI-STEP; `things` lists those that are things.
std::vector<Category> street_categories(const std::vector<int>& things);

/// `count` classes without names.
std::vector<Category> plain_categories(int count, const std::vector<int>& things);

}  // namespace tessera
