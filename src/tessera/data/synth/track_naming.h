#pragma once

#include <unordered_map>

#include "tessera/data/synth/synth_frame.h"

namespace tessera::synth {

/// Gives the objects of one sequence their track numbers, 1, 2, .. in order of appearance. Takes
/// the frames in order.
class TrackNaming {
 public:
  /// `frame.tracks` holds the street's object ids and is rewritten; `frame.objects` is filled.
  /// An object that shows fewer pixels than `smallest_area` loses its identity in this frame.
  void name(SynthFrame& frame, std::int64_t smallest_area);

 private:
  std::unordered_map<std::uint32_t, std::uint32_t> tracks_;
};

}  // namespace tessera::synth
