#pragma once

#include <torch/cuda.h>
#include <torch/types.h>

#include "tessera/core/stage_clock.h"

namespace tessera {

/// Ends a stage of `clock`, where there is one, as soon as the device has computed `result`.
inline void end_stage(StageClock* clock, const char* stage, const torch::Tensor& result) {
  if (clock == nullptr) return;
  if (result.is_cuda()) torch::cuda::synchronize();
  clock->end(stage);
}

}  // namespace tessera
