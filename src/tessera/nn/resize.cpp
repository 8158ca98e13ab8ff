#include "tessera/nn/resize.h"

#include <ATen/Parallel.h>
#include <torch/torch.h>

#include <algorithm>
#include <vector>

#include "tessera/core/vector_units.h"

namespace tessera {
namespace {

/// A value makes kFactor larger ones, the first half of them between its neighbour before and
/// itself, the second half between itself and its neighbour after.
template <int kFactor>
struct Shares {
  float own[kFactor], neighbour[kFactor];
  constexpr Shares() : own(), neighbour() {
    for (int phase = 0; phase < kFactor; ++phase) {
      const float offset = (static_cast<float>(phase) + 0.5F) / kFactor - 0.5F;
      neighbour[phase] = offset < 0 ? -offset : offset;
      own[phase] = 1 - neighbour[phase];
    }
  }
};

constexpr int step_to_neighbour(int phase, int factor) { return phase < factor / 2 ? -1 : 1; }

/// row: `width` values with room for one more on either side.
template <int kFactor>
inline void enlarge_row(float* __restrict row, std::int64_t width, float* __restrict result) {
  constexpr Shares<kFactor> kShares;
  row[-1] = row[0];
  row[width] = row[width - 1];
  for (std::int64_t i = 0; i < width; ++i)
    for (int phase = 0; phase < kFactor; ++phase)
      result[i * kFactor + phase] =
          kShares.own[phase] * row[i] +
          kShares.neighbour[phase] * row[i + step_to_neighbour(phase, kFactor)];
}

/// The gradient of a row from that of what it was enlarged to, which has room for kFactor more
/// values on either side.
template <int kFactor>
inline void gather_row(float* __restrict enlarged, std::int64_t width, float* __restrict row) {
  constexpr Shares<kFactor> kShares;
  // What an edge gives to the neighbour that it doesn't have comes back to itself.
  for (int phase = 0; phase < kFactor; ++phase) {
    const int mirrored = kFactor - 1 - phase;
    enlarged[phase - kFactor] = enlarged[mirrored];
    enlarged[width * kFactor + phase] = enlarged[(width - 1) * kFactor + mirrored];
  }
  for (std::int64_t i = 0; i < width; ++i) {
    float sum = 0;
    for (int phase = 0; phase < kFactor; ++phase) {
      const std::int64_t at = i * kFactor + phase;
      sum += kShares.own[phase] * enlarged[at] +
             kShares.neighbour[phase] * enlarged[at - step_to_neighbour(phase, kFactor) * kFactor];
    }
    row[i] = sum;
  }
}

struct Plane {
  std::int64_t height, width;
};

template <int kFactor>
inline void enlarge_plane(const float* plane, Plane size, float* __restrict result) {
  constexpr Shares<kFactor> kShares;
  const auto [height, width] = size;
  std::vector<float> room(static_cast<std::size_t>(width + 2));
  float* row = room.data() + 1;
  for (std::int64_t y = 0; y < height; ++y)
    for (int phase = 0; phase < kFactor; ++phase) {
      const std::int64_t beside =
          std::clamp<std::int64_t>(y + step_to_neighbour(phase, kFactor), 0, height - 1);
      const float *a = plane + y * width, *b = plane + beside * width;
      const float own = kShares.own[phase], neighbour = kShares.neighbour[phase];
      for (std::int64_t x = 0; x < width; ++x) row[x] = own * a[x] + neighbour * b[x];
      enlarge_row<kFactor>(row, width, result + (y * kFactor + phase) * width * kFactor);
    }
}

template <int kFactor>
inline void gather_plane(const float* enlarged, Plane size, float* __restrict result) {
  constexpr Shares<kFactor> kShares;
  const auto [height, width] = size;
  const std::int64_t wide = width * kFactor;
  std::vector<float> room(static_cast<std::size_t>(wide + 2 * kFactor));
  float* sum = room.data() + kFactor;
  for (std::int64_t y = 0; y < height; ++y) {
    std::fill_n(sum, wide, 0.0F);
    for (int phase = 0; phase < kFactor; ++phase) {
      // The row of a neighbour that takes from this one; an edge takes from itself.
      const std::int64_t taker = y - step_to_neighbour(phase, kFactor);
      const bool inside = taker >= 0 && taker < height;
      const float* a = enlarged + (y * kFactor + phase) * wide;
      const float* b = inside ? enlarged + (taker * kFactor + phase) * wide
                              : enlarged + (y * kFactor + kFactor - 1 - phase) * wide;
      const float own = kShares.own[phase], neighbour = kShares.neighbour[phase];
      for (std::int64_t x = 0; x < wide; ++x) sum[x] += own * a[x] + neighbour * b[x];
    }
    gather_row<kFactor>(sum, width, result + y * width);
  }
}

TESSERA_FOR_VECTOR_UNITS
void enlarge_by_2(const float* plane, Plane size, float* result) {
  enlarge_plane<2>(plane, size, result);
}
TESSERA_FOR_VECTOR_UNITS
void enlarge_by_4(const float* plane, Plane size, float* result) {
  enlarge_plane<4>(plane, size, result);
}
TESSERA_FOR_VECTOR_UNITS
void gather_by_2(const float* enlarged, Plane size, float* result) {
  gather_plane<2>(enlarged, size, result);
}
TESSERA_FOR_VECTOR_UNITS
void gather_by_4(const float* enlarged, Plane size, float* result) {
  gather_plane<4>(enlarged, size, result);
}

/// Calls work(plane of `from`, plane of `to`) for each plane of both.
template <class Work>
void for_each_plane(const torch::Tensor& from, const torch::Tensor& to, const Work& work) {
  const std::int64_t from_values = from.size(2) * from.size(3), to_values = to.size(2) * to.size(3);
  const std::int64_t grain = std::max<std::int64_t>(1, 8192 / std::max(from_values, to_values));
  const float* source = from.data_ptr<float>();
  float* target = to.data_ptr<float>();
  at::parallel_for(0, from.size(0) * from.size(1), grain,
                   [&](std::int64_t begin, std::int64_t end) {
                     for (std::int64_t p = begin; p < end; ++p)
                       work(source + p * from_values, target + p * to_values);
                   });
}

/// Of floats on the CPU by 2 or 4, which torch resizes a value at a time.
class Enlarged : public torch::autograd::Function<Enlarged> {
 public:
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& x,
                               std::int64_t factor) {
    context->saved_data["factor"] = factor;
    const auto source = x.contiguous();
    const Plane size{x.size(2), x.size(3)};
    const auto result = torch::empty(
        {x.size(0), x.size(1), size.height * factor, size.width * factor}, x.options());
    for_each_plane(source, result, [&](const float* from, float* to) {
      factor == 2 ? enlarge_by_2(from, size, to) : enlarge_by_4(from, size, to);
    });
    return result;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const std::int64_t factor = context->saved_data["factor"].toInt();
    const auto gradient = gradients[0].contiguous();
    const Plane size{gradient.size(2) / factor, gradient.size(3) / factor};
    const auto result = torch::empty({gradient.size(0), gradient.size(1), size.height, size.width},
                                     gradient.options());
    for_each_plane(gradient, result, [&](const float* from, float* to) {
      factor == 2 ? gather_by_2(from, size, to) : gather_by_4(from, size, to);
    });
    return {result, {}};
  }
};

}  // namespace

torch::Tensor resize_bilinear(const torch::Tensor& x, torch::IntArrayRef size) {
  if (x.size(-2) == size[0] && x.size(-1) == size[1]) return x;
  return at::upsample_bilinear2d(x, size, /*align_corners=*/false);
}

torch::Tensor upsample_bilinear(const torch::Tensor& x, std::int64_t factor) {
  if (factor == 1) return x;
  if (x.device().is_cpu() && x.scalar_type() == torch::kFloat32 && (factor == 2 || factor == 4))
    return Enlarged::apply(x, factor);
  const std::int64_t height = x.size(-2) * factor, width = x.size(-1) * factor;
  const double scale = static_cast<double>(factor);
  return at::upsample_bilinear2d(x, {height, width}, /*align_corners=*/false, scale, scale);
}

torch::Tensor resize_nearest(const torch::Tensor& x, torch::IntArrayRef size) {
  return at::upsample_nearest2d(x, size);
}

}  // namespace tessera
