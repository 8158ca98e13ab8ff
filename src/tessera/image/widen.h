#pragma once

#include <algorithm>

#include "tessera/image/image.h"

namespace tessera {

/// The same values, as wide as ids.
template <class T>
IdMap widen(const Pixels<T>& labels) {
  IdMap ids(labels.size(), 1);
  std::copy(labels.values().begin(), labels.values().end(), ids.values().begin());
  return ids;
}

}  // namespace tessera
