#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "tessera/image/image.h"
#include "tessera/image/panoptic_map.h"

/// From the numbers in a dataset's label pictures to a PanopticMap, and back to class maps.
namespace tessera {

/// What one value of a label picture means.
struct LabelMeaning {
  int category = -1;
  std::int64_t track_id = -1;
  bool crowd = false;
  bool ignore = false;
  std::int64_t instance = -1;  ///< keeps objects of still pictures, which have no track id, apart
  friend bool operator==(const LabelMeaning&, const LabelMeaning&) = default;
};

/// The meaning of a value, nothing for void; throws an Error for a value that can't be.
using LabelDecoder = std::function<std::optional<LabelMeaning>(std::uint32_t value)>;

/// Segments get the ids 1, 2, ... in ascending order of their smallest value; values that mean the
/// same become one segment. `decode` is asked once a value.
PanopticMap decode_labels(const IdMap& values, const LabelDecoder& decode);
PanopticMap decode_labels(const Image16& values, const LabelDecoder& decode);
PanopticMap decode_labels(const LabelMap& values, const LabelDecoder& decode);

/// The class of every pixel, 255 where there is none; crowds have their class, ignored segments
/// 255.
LabelMap semantic_map(const PanopticMap& map);

/// Fails with both sizes and what to check when they differ.
void check_same_size(Size picture, Size labels, std::string_view labels_path);

}  // namespace tessera
