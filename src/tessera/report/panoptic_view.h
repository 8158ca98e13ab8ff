#pragma once

#include <string_view>
#include <vector>

#include "tessera/data/dataset.h"
#include "tessera/image/image.h"
#include "tessera/image/panoptic_map.h"

/// Pictures of panoptic maps: stuff in the colours of its classes, objects in those of their
/// identities, which they keep from frame to frame.
namespace tessera {

enum class ViewMode {
  kPanoptic,  ///< stuff and objects
  kSemantic,  ///< class colours alone
  kInstance,  ///< objects alone
  kOverlay,   ///< the panoptic colours over the camera picture, objects outlined
  kGrid,      ///< the camera picture, overlay, classes, objects, panoptic view and a legend
};

/// UsageError with the nearest name for an unknown one.
ViewMode view_mode_from_name(std::string_view name);
/// Whether the camera's picture is part of the view.
bool needs_picture(ViewMode mode);

/// A height at which names can be read.
inline constexpr int kNameHeight = 10;

struct ViewOptions {
  ViewMode mode = ViewMode::kPanoptic;
  int name_height = 0;  ///< of class names in segments that have room for them; 0 leaves them out
};

/// `picture` is used by the modes that need it; it has the size of the map.
Image draw_panoptic(const ViewOptions& options, const PanopticMap& map,
                    const std::vector<ClassInfo>& classes, const Image& picture);

}  // namespace tessera
