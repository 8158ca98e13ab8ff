#pragma once

#include "tessera/checkpoint/tensor.h"
#include "tessera/tracking/quasi_dense_tracker.h"

namespace tessera {

/// A tracker's memory as tensors, to be stored, and back.
NamedTensors tracker_tensors(const QuasiDenseTracker::State& state);
QuasiDenseTracker::State tracker_state(const NamedTensors& tensors);

}  // namespace tessera
