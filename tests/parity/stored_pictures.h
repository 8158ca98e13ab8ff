#pragma once

#include <string>

#include "report.h"
#include "tessera/data/transforms/frame.h"

namespace tessera::parity {

/// A stored 8-bit picture [height, width, 3], which the official code keeps as B, G, R, or a map
/// [height, width]; of a clip [frames, height, width, ...] frame `index`.
Image stored_picture(const Report& report, const std::string& name, int index = 0);
/// A stored map as the ids of a frame.
IdMap stored_ids(const Report& report, const std::string& name);

/// The other way round: [height, width, 3] as B, G, R, or [height, width].
Values picture_values(const Image& picture);
/// Clip by clip in one tensor.
Values picture_values(const std::vector<Image>& pictures);

/// The objects' masks of a frame, before padding, [objects, height, width].
Values mask_values(const Frame& frame);

}  // namespace tessera::parity
