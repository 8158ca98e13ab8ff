#pragma once

#include <functional>
#include <span>
#include <string>

#include "tessera/image/rle.h"
#include "tessera/metrics/metric.h"
#include "tessera/metrics/track_recorder.h"

/// Judges frames by what a report shows of them, for metrics that have no number of their own for
/// one frame or one track.
namespace tessera {

/// Detections below this score are not drawn.
constexpr double kShownScore = 0.3;

/// An object to be drawn.
struct PaintedObject {
  const Rle* mask = nullptr;
  std::uint32_t id = 0;  ///< 0 for a region that is not judged
  int category = 0;
};
/// Objects over the background; later ones cover earlier ones.
PanopticMap paint_objects(Size size, std::span<const PaintedObject> objects);

/// Whether anybody listens.
bool is_observed(const EvalOptions& options);

/// Tells options.on_frame the panoptic quality of each frame, and options.on_track of the tracks.
/// `sequence` is empty for still pictures.
void observe_views(const EvalOptions& options, const std::string& sequence, std::size_t frames,
                   const std::function<FrameView(std::size_t frame)>& view,
                   const std::function<std::string(const Segment& object)>& track_name);

}  // namespace tessera
