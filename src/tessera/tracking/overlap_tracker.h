#pragma once

#include <cstdint>
#include <unordered_map>

#include "tessera/image/image.h"

namespace tessera {

/// Recognises objects by the overlap of their masks with those of the frame before, of the same
/// class: what any tracker that looks at objects has to beat.
class OverlapTracker {
 public:
  using Names = std::unordered_map<std::uint32_t, std::uint32_t>;
  using Labels = std::unordered_map<std::uint32_t, int>;

  /// The name (1, 2, ...) of each object of the next frame. objects: the object of every pixel, 0
  /// for none; labels: the class of each object.
  Names match(const IdMap& objects, const Labels& labels);

 private:
  IdMap last_names_;  ///< of every pixel
  Labels last_labels_;
  std::uint32_t next_name_ = 1;
};

}  // namespace tessera
