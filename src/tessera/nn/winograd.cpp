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
constexpr std::int64_t kTaps = 3;           ///< side of a kernel
constexpr std::int64_t kTilesAtOnce = 256;  ///< more leave the caches before they are used
constexpr std::int64_t kMinChannels = 32;
/// What is multiplied at once stays in registers: results of so many channels for so many tiles.
constexpr std::int64_t kChannels = 6, kTiles = 16;
/// Likewise for the gradient of the weights: channels of results, and of what is convolved.
constexpr std::int64_t kGradientRows = 4, kGradientColumns = 2;

using Vector = float __attribute__((vector_size(32), aligned(4)));
constexpr std::int64_t kLanes = 8;

std::int64_t round_up(std::int64_t value, std::int64_t step) {
  return (value + step - 1) / step * step;
}

/// Tiles of one picture, and how many of their rows are worked on at once.
struct Tiling {
  std::int64_t height, width;  ///< of the picture
  std::int64_t rows, columns;
  std::int64_t rows_at_once;

  Tiling(std::int64_t height_, std::int64_t width_)
      : height(height_),
        width(width_),
        rows((height + kTile - 1) / kTile),
        columns((width + kTile - 1) / kTile) {
    const auto most = std::clamp<std::int64_t>(kTilesAtOnce / columns, 1, rows);
    const auto blocks = (rows + most - 1) / most;
    rows_at_once = (rows + blocks - 1) / blocks;  // no small last block: each reads every weight
  }
};

/// Rows of tiles that are worked on at once. Their tiles are counted in whole groups of kTiles.
struct Block {
  std::int64_t first, rows, tiles;

  Block(const Tiling& tiling, std::int64_t first_)
      : first(first_),
        rows(std::min(tiling.rows_at_once, tiling.rows - first)),
        tiles(round_up(rows * tiling.columns, kTiles)) {}
};

// Polynomials are evaluated at 0, kNear, -kNear, kFar, -kFar and infinity. These points cost a
// third of the rounding errors of the usual 1 and 2, and are exact floats with exact squares.
constexpr float kNear = 0.75f, kFar = 1.5f;
constexpr float kNear2 = kNear * kNear, kFar2 = kFar * kFar;
constexpr float kNear3 = kNear2 * kNear, kFar3 = kFar2 * kFar;
// What a kernel's values at 0, at kNear and at kFar are scaled by.
constexpr float kZeroScale = 1 / (kNear2 * kFar2);
constexpr float kNearScale = 1 / (2 * kNear2 * (kNear2 - kFar2));
constexpr float kFarScale = 1 / (2 * kFar2 * (kFar2 - kNear2));

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

/// The factors of kTiles tiles, from the columns of their rows. Rows and columns are `rows_apart`
/// and `columns_apart`; the fifth and sixth row of a tile are the first two of the tile below,
/// `below` further on.
TESSERA_FOR_VECTOR_UNITS
void transform_group(const float* __restrict parted, std::int64_t rows_apart,
                     std::int64_t columns_apart, std::int64_t below, float* __restrict factors,
                     std::int64_t apart) {
  float down[kPatch][kPatch][kTiles];
  for (std::int64_t j = 0; j < kPatch; ++j) {
    const float *r0 = parted + j * columns_apart, *r1 = r0 + rows_apart, *r2 = r1 + rows_apart,
                *r3 = r2 + rows_apart;
#pragma GCC ivdep
    for (std::int64_t t = 0; t < kTiles; ++t) {
      float d0 = r0[t], d1 = r1[t], d2 = r2[t], d3 = r3[t], d4 = r0[below + t], d5 = r1[below + t];
      transform(d0, d1, d2, d3, d4, d5);
      down[0][j][t] = d0;
      down[1][j][t] = d1;
      down[2][j][t] = d2;
      down[3][j][t] = d3;
      down[4][j][t] = d4;
      down[5][j][t] = d5;
    }
  }
  for (std::int64_t i = 0; i < kPatch; ++i) {
    float *f0 = factors + i * kPatch * apart, *f1 = f0 + apart, *f2 = f1 + apart, *f3 = f2 + apart,
          *f4 = f3 + apart, *f5 = f4 + apart;
#pragma GCC ivdep
    for (std::int64_t t = 0; t < kTiles; ++t) {
      float d0 = down[i][0][t], d1 = down[i][1][t], d2 = down[i][2][t], d3 = down[i][3][t],
            d4 = down[i][4][t], d5 = down[i][5][t];
      transform(d0, d1, d2, d3, d4, d5);
      f0[t] = d0;
      f1[t] = d1;
      f2[t] = d2;
      f3[t] = d3;
      f4[t] = d4;
      f5[t] = d5;
    }
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

/// Four gradients of results to six of products: A, the reverse of gather_products.
TESSERA_FOR_VECTOR_UNITS
void spread_gradients(const float* __restrict y, std::int64_t results_apart, float* __restrict m,
                      std::int64_t apart, std::int64_t count) {
  const float *y0 = y, *y1 = y0 + results_apart, *y2 = y1 + results_apart, *y3 = y2 + results_apart;
  float *m0 = m, *m1 = m0 + apart, *m2 = m1 + apart, *m3 = m2 + apart, *m4 = m3 + apart,
        *m5 = m4 + apart;
#pragma GCC ivdep
  for (std::int64_t t = 0; t < count; ++t) {
    const float near_even = y0[t] + kNear2 * y2[t], near_odd = kNear * y1[t] + kNear3 * y3[t];
    const float far_even = y0[t] + kFar2 * y2[t], far_odd = kFar * y1[t] + kFar3 * y3[t];
    m0[t] = y0[t];
    m1[t] = near_even + near_odd;
    m2[t] = near_even - near_odd;
    m3[t] = far_even + far_odd;
    m4[t] = far_even - far_odd;
    m5[t] = y3[t];
  }
}

/// Three weights to six factors, `count` times: G.
TESSERA_FOR_VECTOR_UNITS
void spread_weights(const float* __restrict w, std::int64_t weights_apart, float* __restrict u,
                    std::int64_t apart, std::int64_t count) {
  const float *w0 = w, *w1 = w0 + weights_apart, *w2 = w1 + weights_apart;
  float *u0 = u, *u1 = u0 + apart, *u2 = u1 + apart, *u3 = u2 + apart, *u4 = u3 + apart,
        *u5 = u4 + apart;
#pragma GCC ivdep
  for (std::int64_t n = 0; n < count; ++n) {
    const float near_even = kNearScale * (w0[n] + kNear2 * w2[n]);
    const float far_even = kFarScale * (w0[n] + kFar2 * w2[n]);
    const float near_odd = kNearScale * kNear * w1[n], far_odd = kFarScale * kFar * w1[n];
    u0[n] = kZeroScale * w0[n];
    u1[n] = near_even + near_odd;
    u2[n] = near_even - near_odd;
    u3[n] = far_even + far_odd;
    u4[n] = far_even - far_odd;
    u5[n] = w2[n];
  }
}

/// Six gradients of factors to three of weights, G^T, the reverse of spread_weights.
TESSERA_FOR_VECTOR_UNITS
void gather_weights(const float* __restrict u, std::int64_t apart, float* __restrict w,
                    std::int64_t weights_apart, std::int64_t count) {
  const float *u0 = u, *u1 = u0 + apart, *u2 = u1 + apart, *u3 = u2 + apart, *u4 = u3 + apart,
              *u5 = u4 + apart;
  float *w0 = w, *w1 = w0 + weights_apart, *w2 = w1 + weights_apart;
#pragma GCC ivdep
  for (std::int64_t n = 0; n < count; ++n) {
    const float near_even = kNearScale * (u1[n] + u2[n]), far_even = kFarScale * (u3[n] + u4[n]);
    const float near_odd = kNearScale * (u1[n] - u2[n]), far_odd = kFarScale * (u3[n] - u4[n]);
    w0[n] = kZeroScale * u0[n] + near_even + far_even;
    w1[n] = kNear * near_odd + kFar * far_odd;
    w2[n] = kNear2 * near_even + kFar2 * far_even + u5[n];
  }
}

/// The four columns of each tile to a row of the picture.
TESSERA_FOR_VECTOR_UNITS
void interleave(const float* __restrict y, std::int64_t apart, std::int64_t tiles, float bias,
                float* __restrict row) {
  const float *y0 = y, *y1 = y0 + apart, *y2 = y1 + apart, *y3 = y2 + apart;
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
  Vector sums[kChannels][kTiles / kLanes] = {};
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

/// Adds gradients * factors^T to a product's [out, in]; both have `tiles` columns.
TESSERA_FOR_VECTOR_UNITS
void add_outer_products(const float* __restrict gradients, const float* __restrict factors,
                        std::int64_t out, std::int64_t in, std::int64_t tiles,
                        float* __restrict sums) {
  using Order = int __attribute__((vector_size(32)));
  constexpr Order kEven = {0, 8, 2, 10, 4, 12, 6, 14}, kOdd = {1, 9, 3, 11, 5, 13, 7, 15};
  constexpr Order kEvenPairs = {0, 1, 8, 9, 4, 5, 12, 13}, kOddPairs = {2, 3, 10, 11, 6, 7, 14, 15};
  constexpr Order kLow = {0, 1, 2, 3, 8, 9, 10, 11}, kHigh = {4, 5, 6, 7, 12, 13, 14, 15};
  for (std::int64_t o = 0; o < out; o += kGradientRows)
    for (std::int64_t c = 0; c < in; c += kGradientColumns) {
      const float *row = gradients + o * tiles, *column = factors + c * tiles;
      Vector parts[kGradientRows][kGradientColumns] = {};
      for (std::int64_t t = 0; t < tiles; t += kLanes) {
        const Vector first = *reinterpret_cast<const Vector*>(column + t);
        const Vector second = *reinterpret_cast<const Vector*>(column + tiles + t);
#pragma GCC unroll 4
        for (std::int64_t i = 0; i < kGradientRows; ++i) {
          const Vector gradient = *reinterpret_cast<const Vector*>(row + i * tiles + t);
          parts[i][0] += gradient * first;
          parts[i][1] += gradient * second;
        }
      }
      // The lanes of the eight vectors are summed together, as in a transposition.
      Vector pairs[kGradientRows], fours[kGradientRows / 2];
#pragma GCC unroll 4
      for (std::int64_t i = 0; i < kGradientRows; ++i)
        pairs[i] = __builtin_shuffle(parts[i][0], parts[i][1], kEven) +
                   __builtin_shuffle(parts[i][0], parts[i][1], kOdd);
#pragma GCC unroll 2
      for (std::int64_t i = 0; i < kGradientRows / 2; ++i)
        fours[i] = __builtin_shuffle(pairs[2 * i], pairs[2 * i + 1], kEvenPairs) +
                   __builtin_shuffle(pairs[2 * i], pairs[2 * i + 1], kOddPairs);
      const Vector sum = __builtin_shuffle(fours[0], fours[1], kLow) +
                         __builtin_shuffle(fours[0], fours[1], kHigh);
#pragma GCC unroll 4
      for (std::int64_t i = 0; i < kGradientRows; ++i) {
        sums[(o + i) * in + c] += sum[kGradientColumns * i];
        sums[(o + i) * in + c + 1] += sum[kGradientColumns * i + 1];
      }
    }
}

/// Room for one channel's rows, parted by their place in a tile: [4 rows, `columns`, tiles of the
/// block and of the row below].
class PartedRows {
 public:
  PartedRows(const Tiling& tiling, const Block& block, std::int64_t columns)
      : columns_apart(block.tiles + tiling.columns),
        rows_apart(columns * columns_apart),
        line_(static_cast<std::size_t>(kTile * (tiling.columns + 1))),
        values_(static_cast<std::size_t>(kTile * rows_apart)) {}

  const float* data() const { return values_.data(); }

  /// From `before` columns left of the picture on. `row` counts from the block's first one.
  void put(const float* channel, const Tiling& tiling, std::int64_t y, std::int64_t before,
           std::int64_t row) {
    float* parts = values_.data() + row % kTile * rows_apart + row / kTile * tiling.columns;
    const std::int64_t columns = rows_apart / columns_apart;
    if (y < 0 || y >= tiling.height) {
      for (std::int64_t j = 0; j < columns; ++j)
        std::fill_n(parts + j * columns_apart, tiling.columns, 0.0f);
      return;
    }
    std::copy_n(channel + y * tiling.width, tiling.width, line_.data() + before);
    part_columns(line_.data(), tiling.columns, parts, columns_apart);
    for (std::int64_t j = kTile; j < columns; ++j) {  // those of the tile to the right
      float* part = parts + j * columns_apart;
      const float* same = parts + (j - kTile) * columns_apart;
      std::copy_n(same + 1, tiling.columns - 1, part);
      part[tiling.columns - 1] =
          line_[static_cast<std::size_t>(kTile * tiling.columns + j - kTile)];
    }
  }

  const std::int64_t columns_apart, rows_apart;

 private:
  std::vector<float> line_, values_;  ///< zero wherever nothing is put
};

/// Where a channel's factors go: kTiles tiles lie together, products and groups of tiles apart.
struct FactorOrder {
  std::int64_t product_apart, group_apart;
};

/// The factors of one channel's block.
void make_factors(const float* channel, const Tiling& tiling, const Block& block,
                  const FactorOrder& order, float* factors, PartedRows& parted) {
  const std::int64_t rows = kTile * block.rows + kPatch - kTile;
  for (std::int64_t row = 0; row < rows; ++row)
    parted.put(channel, tiling, kTile * block.first + row - 1, 1, row);
  for (std::int64_t t = 0; t < block.tiles; t += kTiles)
    transform_group(parted.data() + t, parted.rows_apart, parted.columns_apart, tiling.columns,
                    factors + t / kTiles * order.group_apart, order.product_apart);
}

/// The results of one channel's block. products: [36, apart].
void make_results(const float* products, std::int64_t apart, const Tiling& tiling,
                  const Block& block, float bias, float* channel, std::vector<float>& scratch) {
  const std::int64_t tiles = block.tiles, columns = tiling.columns;
  scratch.resize(static_cast<std::size_t>(kTile * kTile * tiles + kTile * columns));
  float* results = scratch.data();  // [4, 4, tiles]
  float* edge_row = results + kTile * kTile * tiles;
  float across[kPatch * kTile * kTiles];  // [6, 4, kTiles]
  for (std::int64_t t = 0; t < tiles; t += kTiles) {
    for (std::int64_t i = 0; i < kPatch; ++i)
      gather_products(products + i * kPatch * apart + t, apart, across + i * kTile * kTiles, kTiles,
                      kTiles);
    for (std::int64_t j = 0; j < kTile; ++j)
      gather_products(across + j * kTiles, kTile * kTiles, results + j * tiles + t, kTile * tiles,
                      kTiles);
  }
  const bool whole = tiling.width == kTile * columns;
  const std::int64_t end = std::min(kTile * (block.first + block.rows), tiling.height);
  for (std::int64_t y = kTile * block.first; y < end; ++y) {
    const std::int64_t r = y / kTile - block.first, i = y % kTile;
    float* row = channel + y * tiling.width;
    interleave(results + i * kTile * tiles + r * columns, tiles, columns, bias,
               whole ? row : edge_row);
    if (!whole) std::copy_n(edge_row, tiling.width, row);
  }
}

/// The gradients of one channel's products in a block, to [36, apart].
void make_product_gradients(const float* channel, const Tiling& tiling, const Block& block,
                            float* gradients, std::int64_t apart, PartedRows& parted) {
  for (std::int64_t row = 0; row < kTile * block.rows; ++row)
    parted.put(channel, tiling, kTile * block.first + row, 0, row);
  float down[kPatch * kTile * kTiles];  // [6, 4, kTiles]
  for (std::int64_t t = 0; t < block.tiles; t += kTiles) {
    for (std::int64_t j = 0; j < kTile; ++j)
      spread_gradients(parted.data() + j * parted.columns_apart + t, parted.rows_apart,
                       down + j * kTiles, kTile * kTiles, kTiles);
    for (std::int64_t i = 0; i < kPatch; ++i)
      spread_gradients(down + i * kTile * kTiles, kTiles, gradients + i * kPatch * apart + t, apart,
                       kTiles);
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

torch::Tensor winograd_weight(const torch::Tensor& weight, KernelUse use) {
  // Back through a convolution goes a convolution of channels exchanged and kernels turned round.
  const bool back = use == KernelUse::kBack;
  const auto source = weight.contiguous();
  const std::int64_t out = weight.size(back ? 1 : 0), in = weight.size(back ? 0 : 1);
  constexpr std::int64_t kWeights = kTaps * kTaps;
  const std::int64_t out_apart = back ? kWeights : kWeights * in;
  const std::int64_t in_apart = back ? kWeights * out : kWeights;
  const std::int64_t groups = round_up(out, kChannels) / kChannels, count = in * kChannels;
  auto result = torch::empty({kPatch, kPatch, groups, in, kChannels}, weight.options());
  const float* w = source.data_ptr<float>();
  float* u = result.data_ptr<float>();
  at::parallel_for(0, groups, 1, [&](std::int64_t begin, std::int64_t end) {
    std::vector<float> taps(static_cast<std::size_t>(kWeights * count));
    std::vector<float> down(static_cast<std::size_t>(kPatch * kTaps * count));
    for (std::int64_t g = begin; g < end; ++g) {
      for (std::int64_t o = 0; o < kChannels; ++o) {
        const std::int64_t channel = g * kChannels + o;
        for (std::int64_t c = 0; c < in; ++c)
          for (std::int64_t k = 0; k < kWeights; ++k)
            taps[static_cast<std::size_t>(k * count + c * kChannels + o)] =
                channel < out
                    ? w[channel * out_apart + c * in_apart + (back ? kWeights - 1 - k : k)]
                    : 0;
      }
      spread_weights(taps.data(), kTaps * count, down.data(), kTaps * count, kTaps * count);
      for (std::int64_t i = 0; i < kPatch; ++i)
        spread_weights(down.data() + i * kTaps * count, count,
                       u + (i * kPatch * groups + g) * count, groups * count, count);
    }
  });
  return result;
}

bool is_winograd_weight(const torch::Tensor& weight) { return weight.dim() == 5; }

torch::Tensor winograd_convolve(const torch::Tensor& x, const torch::Tensor& winograd_weight,
                                const torch::Tensor& bias, std::int64_t out) {
  const auto source = x.contiguous();
  const std::int64_t batch = x.size(0), in = x.size(1), groups = winograd_weight.size(2);
  if (in != winograd_weight.size(3))
    fail("a convolution of {} channels got {}", winograd_weight.size(3), in);
  const Tiling tiling(x.size(2), x.size(3));
  auto result = torch::empty({batch, out, tiling.height, tiling.width}, x.options());
  const std::int64_t most_tiles = Block(tiling, 0).tiles;
  auto factors = torch::empty({kProducts * in * most_tiles}, x.options());
  auto products = torch::empty({kProducts * groups * kChannels * most_tiles}, x.options());
  const std::int64_t plane = tiling.height * tiling.width;
  const float* u = winograd_weight.data_ptr<float>();
  float *v = factors.data_ptr<float>(), *m = products.data_ptr<float>();
  const float* biases = bias.defined() ? bias.data_ptr<float>() : nullptr;
  for (std::int64_t b = 0; b < batch; ++b)
    for (std::int64_t first = 0; first < tiling.rows; first += tiling.rows_at_once) {
      const Block block(tiling, first);
      const std::int64_t tiles = block.tiles, groups_of_tiles = tiles / kTiles;
      at::parallel_for(0, in, 1, [&](std::int64_t begin, std::int64_t end) {
        PartedRows parted(tiling, block, kPatch);
        for (std::int64_t c = begin; c < end; ++c)
          make_factors(source.data_ptr<float>() + (b * in + c) * plane, tiling, block,
                       {in * tiles, in * kTiles}, v + c * kTiles, parted);
      });
      at::parallel_for(
          0, kProducts * groups_of_tiles, 1, [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t i = begin; i < end; ++i) {
              const std::int64_t product = i / groups_of_tiles;
              const std::int64_t t = i % groups_of_tiles * kTiles;
              for (std::int64_t g = 0; g < groups; ++g)
                multiply(u + (product * groups + g) * in * kChannels, v + i * in * kTiles, in,
                         m + (product * groups + g) * kChannels * tiles + t, tiles);
            }
          });
      at::parallel_for(0, out, 1, [&](std::int64_t begin, std::int64_t end) {
        std::vector<float> scratch;
        for (std::int64_t c = begin; c < end; ++c)
          make_results(m + c * tiles, groups * kChannels * tiles, tiling, block,
                       biases != nullptr ? biases[c] : 0,
                       result.data_ptr<float>() + (b * out + c) * plane, scratch);
      });
    }
  return result;
}

namespace {

/// [36, out * in] to [out, in, 3, 3].
torch::Tensor weights_of_factors(const torch::Tensor& sums, std::int64_t out, std::int64_t in) {
  auto result = torch::empty({out, in, kTaps, kTaps}, sums.options());
  at::parallel_for(0, out, 1, [&](std::int64_t begin, std::int64_t end) {
    std::vector<float> down(static_cast<std::size_t>(kTaps * kPatch * in));
    std::vector<float> taps(static_cast<std::size_t>(kTaps * kTaps * in));
    for (std::int64_t o = begin; o < end; ++o) {
      const float* u = sums.data_ptr<float>() + o * in;
      for (std::int64_t j = 0; j < kPatch; ++j)
        gather_weights(u + j * out * in, kPatch * out * in, down.data() + j * in, kPatch * in, in);
      for (std::int64_t i = 0; i < kTaps; ++i)
        gather_weights(down.data() + i * kPatch * in, in, taps.data() + i * kTaps * in, in, in);
      float* w = result.data_ptr<float>() + o * in * kTaps * kTaps;
      for (std::int64_t c = 0; c < in; ++c)
        for (std::int64_t k = 0; k < kTaps * kTaps; ++k)
          w[c * kTaps * kTaps + k] = taps[static_cast<std::size_t>(k * in + c)];
    }
  });
  return result;
}

}  // namespace

torch::Tensor winograd_weight_gradient(const torch::Tensor& x, const torch::Tensor& gradient) {
  const auto source = x.contiguous(), change = gradient.contiguous();
  const std::int64_t batch = x.size(0), in = x.size(1), out = gradient.size(1);
  if (out % kGradientRows != 0 || in % kGradientColumns != 0)
    fail("the gradient of a convolution of {} to {} channels has no fast form", in, out);
  const Tiling tiling(x.size(2), x.size(3));
  const std::int64_t most_tiles = Block(tiling, 0).tiles;
  const std::int64_t plane = tiling.height * tiling.width;
  auto factors = torch::empty({kProducts * in * most_tiles}, x.options());
  auto gradients = torch::empty({kProducts * out * most_tiles}, x.options());
  auto sums = torch::zeros({kProducts, out * in}, x.options());
  float *v = factors.data_ptr<float>(), *m = gradients.data_ptr<float>();
  float* sum = sums.data_ptr<float>();
  for (std::int64_t b = 0; b < batch; ++b)
    for (std::int64_t first = 0; first < tiling.rows; first += tiling.rows_at_once) {
      const Block block(tiling, first);
      const std::int64_t tiles = block.tiles;
      at::parallel_for(0, in, 1, [&](std::int64_t begin, std::int64_t end) {
        PartedRows parted(tiling, block, kPatch);
        for (std::int64_t c = begin; c < end; ++c)
          make_factors(source.data_ptr<float>() + (b * in + c) * plane, tiling, block,
                       {in * tiles, kTiles}, v + c * tiles, parted);
      });
      at::parallel_for(0, out, 1, [&](std::int64_t begin, std::int64_t end) {
        PartedRows parted(tiling, block, kTile);
        for (std::int64_t o = begin; o < end; ++o)
          make_product_gradients(change.data_ptr<float>() + (b * out + o) * plane, tiling, block,
                                 m + o * tiles, out * tiles, parted);
      });
      at::parallel_for(0, kProducts, 1, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t p = begin; p < end; ++p)
          add_outer_products(m + p * out * tiles, v + p * in * tiles, out, in, tiles,
                             sum + p * out * in);
      });
    }
  return weights_of_factors(sums, out, in);
}

}  // namespace tessera
