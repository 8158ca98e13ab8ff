#pragma once

#include <torch/types.h>

#include <cstdint>

namespace tessera {

/// The sine position encoding of DETR, normalised, without padding: [2 * features, height, width],
/// the first half from the rows. Computed in float32.
torch::Tensor sine_position_encoding(std::int64_t height, std::int64_t width,
                                     std::int64_t features);

}  // namespace tessera
