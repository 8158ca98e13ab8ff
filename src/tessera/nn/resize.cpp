#include "tessera/nn/resize.h"

#include <torch/torch.h>

#include <optional>
#include <vector>

namespace tessera {

torch::Tensor resize_bilinear(const torch::Tensor& x, torch::IntArrayRef size) {
  if (x.size(-2) == size[0] && x.size(-1) == size[1]) return x;
  return at::upsample_bilinear2d(x, size, /*align_corners=*/false);
}

torch::Tensor upsample_bilinear(const torch::Tensor& x, std::int64_t factor) {
  const std::int64_t height = x.size(-2) * factor, width = x.size(-1) * factor;
  const double scale = static_cast<double>(factor);
  return at::upsample_bilinear2d(x, {height, width}, /*align_corners=*/false, scale, scale);
}

torch::Tensor resize_nearest(const torch::Tensor& x, torch::IntArrayRef size) {
  return at::upsample_nearest2d(x, size);
}

}  // namespace tessera
