#pragma once

#include <torch/types.h>

#include <cstdint>

namespace tessera {

/// Bilinear resizing of [B, C, H, W] to `size` (height, width) without corner alignment.
torch::Tensor resize_bilinear(const torch::Tensor& x, torch::IntArrayRef size);
/// The same by a whole factor.
torch::Tensor upsample_bilinear(const torch::Tensor& x, std::int64_t factor);
/// Nearest neighbour to `size`.
torch::Tensor resize_nearest(const torch::Tensor& x, torch::IntArrayRef size);

}  // namespace tessera
