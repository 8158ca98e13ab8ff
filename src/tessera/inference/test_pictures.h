#pragma once

#include <cstdint>
#include <vector>

#include "tessera/data/dataset.h"
#include "tessera/image/image.h"

/// What tests of predictors look at.
namespace tessera::test {

inline std::vector<ClassInfo> three_classes() {
  return {{0, "road", false, {}}, {1, "person", true, {}}, {2, "car", true, {}}};
}

inline Image noise(Size size) {
  Image image(size, 3);
  std::uint32_t state = 1;
  for (auto& value : image.values())
    value = static_cast<std::uint8_t>((state = state * 1664525U + 1013904223U) >> 24);
  return image;
}

}  // namespace tessera::test
