#pragma once

#include <string_view>

#include "tessera/image/image.h"

/// Pictures of panoptic maps in KITTI-STEP's encoding (R = trainId, id = 256 G + B).
namespace tessera {

enum class ViewMode {
  kPanoptic,  ///< class colours, varied from object to object
  kSemantic,  ///< class colours
  kInstance,  ///< objects alone
  kOverlay,   ///< the panoptic colours over the camera picture, objects outlined
  kGrid,      ///< the camera picture above the panoptic view
};

/// UsageError with the nearest name for an unknown one.
ViewMode view_mode_from_name(std::string_view name);
/// Whether the camera's picture is part of the view.
bool needs_picture(ViewMode mode);

/// `picture` is used by the modes that need it; it has the size of `step`.
Image draw_panoptic(ViewMode mode, const Image& step, const Image& picture);

}  // namespace tessera
