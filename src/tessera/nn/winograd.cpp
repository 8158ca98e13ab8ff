#include "tessera/nn/winograd.h"

#include <ATen/Parallel.h>
#include <torch/torch.h>

#include <algorithm>
#include <vector>

#include "tessera/core/error.h"
#include "tessera/core/vector_units.h"

namespace tessera {
namespace {

constexpr std::int64_t kTile = 4;           ///< side of a tile of results
constexpr std::int64_t kPatch = kTile + 2;  ///< side of what it is computed from
constexpr std::int64_t kProducts = kPatch * kPatch;
constexpr std::int64_t kBlockBytes = 8
                                     << 20;  ///< of products and factors that are worked on at once
constexpr std::int64_t kMinChannels = 32;
/// What is multiplied at once stays in registers: results of so many channels for so many tiles.
constexpr std::int64_t kChannels = 6, kTiles = 16;

std::int64_t round_up(std::int64_t value, std::int64_t step) {
  return (value + step - 1) / step * step;
}

/// Tiles of one picture, and how many of their rows are worked on at once.
struct Tiling {
  std::int64_t height, width;  ///< of the picture
  std::int64_t rows, columns;
  std::int64_t rows_at_once;

  Tiling(std::int64_t height_, std::int64_t width_, std::int64_t channels)
      : height(height_),
        width(width_),
        rows((height + kTile - 1) / kTile),
        columns((width + kTile - 1) / kTile) {
    const auto bytes_a_row =
        static_cast<std::int64_t>(sizeof(float)) * kProducts * channels * columns;
    const auto most = std::clamp<std::int64_t>(kBlockBytes / bytes_a_row, 1, rows);
    const auto blocks = (rows + most - 1) / most;
    rows_at_once = (rows + blocks - 1) / blocks;  // no small last block: each reads every weight
  }
};

// Polynomials are evaluated at 0, kNear, -kNear, kFar, -kFar and infinity. These points cost a
// third of the rounding errors of the usual 1 and 2, and are exact floats with exact squares.
constexpr float kNear = 0.75f, kFar = 1.5f;
constexpr float kNear2 = kNear * kNear, kFar2 = kFar * kFar;
constexpr float kNear3 = kNear2 * kNear, kFar3 = kFar2 * kFar;

/// Six values of a patch to six factors, in place: B^T.
inline void transform(float& d0, float& d1, float& d2, float& d3, float& d4, float& d5) {
  const float near_even = d4 - kFar2 * d2, near_odd = kNear * (d3 - kFar2 * d1);
  const float far_even = d4 - kNear2 * d2, far_odd = kFar * (d3 - kNear2 * d1);
  d0 = kNear2 * kFar2 * d0 - (kNear2 + kFar2) * d2 + d4;
  d5 = kNear2 * kFar2 * d1 - (kNear2 + kFar2) * d3 + d5;
  d1 = near_even + near_odd;
  d2 = near_even - near_odd;
  d3 = far_even + far_odd;
  d4 = far_even - far_odd;
}

/// Columns of a row by their place in a tile, which makes the loops over tiles run over neighbours.
TESSERA_FOR_VECTOR_UNITS
void part_columns(const float* __restrict row, std::int64_t tiles, float* __restrict parts,
                  std::int64_t apart) {
  float *p0 = parts, *p1 = p0 + apart, *p2 = p1 + apart, *p3 = p2 + apart;
#pragma GCC ivdep
  for (std::int64_t t = 0; t < tiles; ++t) {
    p0[t] = row[kTile * t];
    p1[t] = row[kTile * t + 1];
    p2[t] = row[kTile * t + 2];
    p3[t] = row[kTile * t + 3];
  }
}

/// Six rows, in place.
TESSERA_FOR_VECTOR_UNITS
void transform_down(float* __restrict d, std::int64_t width) {
  float *d0 = d, *d1 = d0 + width, *d2 = d1 + width, *d3 = d2 + width, *d4 = d3 + width,
        *d5 = d4 + width;
#pragma GCC ivdep
  for (std::int64_t x = 0; x < width; ++x) transform(d0[x], d1[x], d2[x], d3[x], d4[x], d5[x]);
}

/// One row of parted columns to the six factors of each tile. Those of one kind lie `apart` from
/// those of the next.
TESSERA_FOR_VECTOR_UNITS
void transform_across(const float* __restrict d, std::int64_t columns_apart,
                      float* __restrict factors, std::int64_t apart, std::int64_t tiles) {
  float *v0 = factors, *v1 = v0 + apart, *v2 = v1 + apart, *v3 = v2 + apart, *v4 = v3 + apart,
        *v5 = v4 + apart;
  const float *d0 = d, *d1 = d0 + columns_apart, *d2 = d1 + columns_apart, *d3 = d2 + columns_apart;
#pragma GCC ivdep
  for (std::int64_t t = 0; t < tiles; ++t) {
    float p0 = d0[t], p1 = d1[t], p2 = d2[t], p3 = d3[t], p4 = d0[t + 1], p5 = d1[t + 1];
    transform(p0, p1, p2, p3, p4, p5);
    v0[t] = p0;
    v1[t] = p1;
    v2[t] = p2;
    v3[t] = p3;
    v4[t] = p4;
    v5[t] = p5;
  }
}

/// Six products to four results, A^T, `count` times. Those of one kind lie apart from those of the
/// next.
TESSERA_FOR_VECTOR_UNITS
void gather_products(const float* __restrict m, std::int64_t apart, float* __restrict y,
                     std::int64_t results_apart, std::int64_t count) {
  const float *m0 = m, *m1 = m0 + apart, *m2 = m1 + apart, *m3 = m2 + apart, *m4 = m3 + apart,
              *m5 = m4 + apart;
  float *y0 = y, *y1 = y0 + results_apart, *y2 = y1 + results_apart, *y3 = y2 + results_apart;
#pragma GCC ivdep
  for (std::int64_t t = 0; t < count; ++t) {
    const float near_even = m1[t] + m2[t], near_odd = m1[t] - m2[t];
    const float far_even = m3[t] + m4[t], far_odd = m3[t] - m4[t];
    y0[t] = m0[t] + near_even + far_even;
    y1[t] = kNear * near_odd + kFar * far_odd;
    y2[t] = kNear2 * near_even + kFar2 * far_even;
    y3[t] = kNear3 * near_odd + kFar3 * far_odd + m5[t];
  }
}

/// The four columns of each tile to a row of the picture.
TESSERA_FOR_VECTOR_UNITS
void interleave(const float* __restrict y, std::int64_t tiles, float bias, float* __restrict row) {
  const float *y0 = y, *y1 = y0 + tiles, *y2 = y1 + tiles, *y3 = y2 + tiles;
#pragma GCC ivdep
  for (std::int64_t t = 0; t < tiles; ++t) {
    row[kTile * t] = y0[t] + bias;
    row[kTile * t + 1] = y1[t] + bias;
    row[kTile * t + 2] = y2[t] + bias;
    row[kTile * t + 3] = y3[t] + bias;
  }
}

/// Results of kChannels channels for kTiles tiles. weights: [in, kChannels]; factors: [in, kTiles].
TESSERA_FOR_VECTOR_UNITS
void multiply(const float* __restrict weights, const float* __restrict factors, std::int64_t in,
              float* __restrict products, std::int64_t apart) {
  using Vector = float __attribute__((vector_size(32), aligned(4)));
  constexpr std::int64_t kLanes = 8, kVectors = kTiles / kLanes;
  Vector sums[kChannels][kVectors] = {};
  for (std::int64_t c = 0; c < in; ++c) {
    const auto* factor = reinterpret_cast<const Vector*>(factors + c * kTiles);
    const Vector first = factor[0], second = factor[1];
#pragma GCC unroll 6
    for (std::int64_t o = 0; o < kChannels; ++o) {
      const float weight = weights[c * kChannels + o];
      sums[o][0] += weight * first;
      sums[o][1] += weight * second;
    }
  }
#pragma GCC unroll 6
  for (std::int64_t o = 0; o < kChannels; ++o) {
    *reinterpret_cast<Vector*>(products + o * apart) = sums[o][0];
    *reinterpret_cast<Vector*>(products + o * apart + kLanes) = sums[o][1];
  }
}

/// The factors of one channel's rows of tiles from `first` on, to [36, tiles / kTiles, in, kTiles].
void make_factors(const float* channel, const Tiling& tiling, std::int64_t first, std::int64_t rows,
                  std::int64_t in, float* factors, std::int64_t apart,
                  std::vector<float>& scratch) {
  const std::int64_t width = tiling.columns + 1, stride = kTile * width;
  scratch.resize(static_cast<std::size_t>((kPatch + 1) * stride));
  float* padded = scratch.data();
  float* patch = padded + stride;
  std::fill_n(padded, stride, 0.0f);
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t i = 0; i < kPatch; ++i) {
      const std::int64_t y = kTile * (first + r) + i - 1;
      float* row = patch + i * stride;
      if (y >= 0 && y < tiling.height) {
        std::copy_n(channel + y * tiling.width, tiling.width, padded + 1);
        part_columns(padded, width, row, width);
      } else {
        std::fill_n(row, stride, 0.0f);
      }
    }
    transform_down(patch, stride);
    for (std::int64_t column = 0; column < tiling.columns;) {
      const std::int64_t tile = r * tiling.columns + column;
      const std::int64_t count = std::min(kTiles - tile % kTiles, tiling.columns - column);
      for (std::int64_t i = 0; i < kPatch; ++i)
        transform_across(patch + i * stride + column, width,
                         factors + i * kPatch * apart + tile / kTiles * in * kTiles + tile % kTiles,
                         apart, count);
      column += count;
    }
  }
}

/// The results of one channel's rows of tiles from `first` on.
void make_results(const float* products, std::int64_t apart, const Tiling& tiling,
                  std::int64_t first, std::int64_t rows, float bias, float* channel,
                  std::vector<float>& scratch) {
  const std::int64_t tiles = tiling.columns;
  scratch.resize(static_cast<std::size_t>((kPatch + kTile) * kTile * tiles + kTile * tiles));
  float* across = scratch.data();                 // [6, 4, tiles]
  float* both = across + kPatch * kTile * tiles;  // [4, 4, tiles]
  float* edge_row = both + kTile * kTile * tiles;
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t i = 0; i < kPatch; ++i)
      gather_products(products + i * kPatch * apart + r * tiles, apart, across + i * kTile * tiles,
                      tiles, tiles);
    gather_products(across, kTile * tiles, both, kTile * tiles, kTile * tiles);
    for (std::int64_t i = 0; i < kTile; ++i) {
      const std::int64_t y = kTile * (first + r) + i;
      if (y >= tiling.height) break;
      float* row = channel + y * tiling.width;
      const bool whole = tiling.width == kTile * tiles;
      interleave(both + i * kTile * tiles, tiles, bias, whole ? row : edge_row);
      if (!whole) std::copy_n(edge_row, tiling.width, row);
    }
  }
}

}  // namespace

bool suits_winograd(const torch::nn::Conv2d& conv) {
  const auto& options = conv->options;
  const auto all = [](torch::IntArrayRef values, std::int64_t value) {
    return std::all_of(values.begin(), values.end(), [=](auto v) { return v == value; });
  };
  const auto* padding = get_if<torch::ExpandingArray<2>>(&options.padding());
  return padding != nullptr && all(*padding, 1) && all(options.kernel_size(), 3) &&
         all(options.stride(), 1) && all(options.dilation(), 1) && options.groups() == 1 &&
         std::min(options.in_channels(), options.out_channels()) >= kMinChannels;
}

torch::Tensor winograd_weight(const torch::Tensor& weight) {
  constexpr double kNearScale = 1 / (2. * kNear2 * (kNear2 - kFar2));
  constexpr double kFarScale = 1 / (2. * kFar2 * (kFar2 - kNear2));
  const auto at_point = [](double scale, double x) {
    return scale * torch::tensor({1., x, x * x}, torch::kFloat64);
  };
  const auto g =
      torch::stack({at_point(1. / (kNear2 * kFar2), 0), at_point(kNearScale, kNear),
                    at_point(kNearScale, -kNear), at_point(kFarScale, kFar),
                    at_point(kFarScale, -kFar), torch::tensor({0., 0., 1.}, torch::kFloat64)});
  const std::int64_t out = weight.size(0), in = weight.size(1);
  auto wide = torch::zeros({round_up(out, kChannels), in, 3, 3}, torch::kFloat64);
  wide.slice(0, 0, out).copy_(weight);
  return torch::einsum("pi,ocij,qj->pqoc", {g, wide, g})
      .reshape({kPatch, kPatch, -1, kChannels, in})
      .transpose(3, 4)
      .to(torch::kFloat32)
      .contiguous();
}

bool is_winograd_weight(const torch::Tensor& weight) { return weight.dim() == 5; }

torch::Tensor winograd_convolve(const torch::Tensor& x, const torch::Tensor& winograd_weight,
                                const torch::Tensor& bias, std::int64_t out) {
  const auto source = x.contiguous();
  const std::int64_t batch = x.size(0), in = x.size(1), groups = winograd_weight.size(2);
  if (in != winograd_weight.size(3))
    fail("a convolution of {} channels got {}", winograd_weight.size(3), in);
  const Tiling tiling(x.size(2), x.size(3), in + out);
  auto result = torch::empty({batch, out, tiling.height, tiling.width}, x.options());
  const std::int64_t most_tiles = round_up(tiling.rows_at_once * tiling.columns, kTiles);
  // What fills a last group of tiles is multiplied with the rest.
  auto factors = torch::zeros({kProducts * in * most_tiles}, x.options());
  auto products = torch::empty({kProducts * groups * kChannels * most_tiles}, x.options());
  const std::int64_t plane = tiling.height * tiling.width;
  const float* u = winograd_weight.data_ptr<float>();
  float *v = factors.data_ptr<float>(), *m = products.data_ptr<float>();
  const float* biases = bias.defined() ? bias.data_ptr<float>() : nullptr;
  for (std::int64_t b = 0; b < batch; ++b)
    for (std::int64_t first = 0; first < tiling.rows; first += tiling.rows_at_once) {
      const std::int64_t rows = std::min(tiling.rows_at_once, tiling.rows - first);
      const std::int64_t tiles = round_up(rows * tiling.columns, kTiles);
      at::parallel_for(0, in, 1, [&](std::int64_t begin, std::int64_t end) {
        std::vector<float> patch;
        for (std::int64_t c = begin; c < end; ++c)
          make_factors(source.data_ptr<float>() + (b * in + c) * plane, tiling, first, rows, in,
                       v + c * kTiles, in * tiles, patch);
      });
      const std::int64_t blocks = tiles / kTiles;
      at::parallel_for(0, kProducts * blocks, 1, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) {
          const std::int64_t product = i / blocks, t = i % blocks * kTiles;
          for (std::int64_t g = 0; g < groups; ++g)
            multiply(u + (product * groups + g) * in * kChannels, v + i * in * kTiles, in,
                     m + (product * groups + g) * kChannels * tiles + t, tiles);
        }
      });
      at::parallel_for(0, out, 1, [&](std::int64_t begin, std::int64_t end) {
        std::vector<float> scratch;
        for (std::int64_t c = begin; c < end; ++c)
          make_results(m + c * tiles, groups * kChannels * tiles, tiling, first, rows,
                       biases != nullptr ? biases[c] : 0,
                       result.data_ptr<float>() + (b * out + c) * plane, scratch);
      });
    }
  return result;
}

}  // namespace tessera
