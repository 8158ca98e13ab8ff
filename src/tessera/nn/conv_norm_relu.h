#pragma once

#include <cstdint>

#include "tessera/nn/conv_unit.h"

namespace tessera {

/// Convolution, batch norm, ReLU, at the size of what comes in.
ConvUnit conv_norm_relu(std::int64_t in_channels, std::int64_t out_channels, std::int64_t kernel,
                        std::int64_t dilation = 1);

}  // namespace tessera
