#pragma once

#include <vector>

#include "tessera/metrics/class_quality.h"

namespace tessera {

/// The 19 trainIds of Cityscapes and KITTI-STEP; `things` lists those that are things.
std::vector<Category> street_categories(const std::vector<int>& things);

/// Whether these are the street's, whatever their things.
bool are_street_categories(const std::vector<Category>& categories);

/// `count` classes without names.
std::vector<Category> plain_categories(int count, const std::vector<int>& things);

}  // namespace tessera
