#pragma once

#include <algorithm>

#include "tessera/image/image.h"

namespace tessera {

/// The same values, as wide as ids.
inline IdMap widen(const LabelMap& labels) {
  IdMap ids(labels.size(), 1);
  std::copy(labels.values().begin(), labels.values().end(), ids.values().begin());
  return ids;
}

}  // namespace tessera
