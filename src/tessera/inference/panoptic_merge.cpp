#include "tessera/inference/panoptic_merge.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tessera/core/thread_pool.h"

namespace tessera {
namespace {

/// Interpolation rounds; what a range promises holds up to this factor.
constexpr float kRounding = 1e-5F;
constexpr float kInside = 0.5F;

bool repeats(const ScaledMasks& masks, std::span<const MaskClaim> claims,
             const std::vector<std::size_t>& better, std::size_t thing, double overlap) {
  return std::any_of(better.begin(), better.end(), [&](std::size_t other) {
    return masks.coarse_overlap(claims[thing].row, claims[other].row, kInside) > overlap;
  });
}

std::vector<MaskClaim> competing_claims(const ScaledMasks& masks, std::span<const MaskClaim> claims,
                                        const PanopticMergeOptions& options) {
  std::vector<std::size_t> things, kept;
  for (std::size_t k = 0; k < claims.size(); ++k)
    if (claims[k].thing && (options.weak_things_compete || claims[k].score >= options.thing_score))
      things.push_back(k);
  std::stable_sort(things.begin(), things.end(),
                   [&](std::size_t a, std::size_t b) { return claims[a].score > claims[b].score; });
  for (const std::size_t thing : things)
    if (options.duplicate_overlap >= 1 ||
        !repeats(masks, claims, kept, thing, options.duplicate_overlap))
      kept.push_back(thing);
  for (std::size_t k = 0; k < claims.size(); ++k)
    if (!claims[k].thing) kept.push_back(k);
  std::sort(kept.begin(), kept.end());
  std::vector<MaskClaim> competing;
  for (const std::size_t k : kept) competing.push_back(claims[k]);
  return competing;
}

/// What each claim's probabilities are multiplied with where claims compete.
std::vector<float> competing_weights(std::span<const MaskClaim> claims,
                                     const PanopticMergeOptions& options) {
  std::vector<float> weights;
  for (const MaskClaim& claim : claims)
    weights.push_back(options.score_weight == 1
                          ? claim.score
                          : static_cast<float>(std::pow(claim.score, options.score_weight)));
  return weights;
}

/// Which claim owns each pixel, and how often each does.
struct Owners {
  Pixels<std::int32_t> claim;
  std::vector<std::int64_t> area;  ///< of each claim
};

/// The claims that can have the largest value somewhere in a tile, ascending.
void find_candidates(const ScaledMasks& masks, std::span<const MaskClaim> claims,
                     std::span<const float> weights, const ScaledMasks::Tile& tile,
                     std::vector<int>& candidates, std::vector<float>& highest) {
  float certain = 0;  // the largest value that some claim has everywhere in the tile
  for (std::size_t k = 0; k < claims.size(); ++k) {
    const ScaledMasks::Range range = masks.range(claims[k].row, tile);
    highest[k] = weights[k] * range.high * (1 + kRounding);
    certain = std::max(certain, weights[k] * range.low * (1 - kRounding));
  }
  candidates.clear();
  for (std::size_t k = 0; k < claims.size(); ++k)
    if (highest[k] >= certain) candidates.push_back(static_cast<int>(k));
}

Owners find_owners(const ScaledMasks& masks, std::span<const MaskClaim> claims,
                   std::span<const float> weights, int threads) {
  constexpr int kTile = ScaledMasks::kTile;
  Owners owners = {Pixels<std::int32_t>(masks.size(), 1), std::vector<std::int64_t>(claims.size())};
  std::vector<std::vector<std::int64_t>> areas(threads, std::vector<std::int64_t>(claims.size()));
  const int columns = masks.tile_columns();
  parallel_for(masks.tile_count() / columns, threads, [&](std::size_t tile_row, int worker) {
    std::vector<int> candidates;
    std::vector<float> highest(claims.size());
    float values[kTile * kTile], best[kTile * kTile];
    std::int32_t owner[kTile * kTile];
    for (int column = 0; column < columns; ++column) {
      const auto tile = masks.tile(static_cast<int>(tile_row) * columns + column);
      find_candidates(masks, claims, weights, tile, candidates, highest);
      std::fill_n(best, kTile * kTile, -1.0F);
      for (const int k : candidates) {
        if (candidates.size() == 1) {
          std::fill_n(owner, kTile * kTile, k);
          break;
        }
        masks.interpolate(claims[k].row, tile, values);
        const float weight = weights[k];
        for (int i = 0; i < tile.height * kTile; ++i) {
          const float value = weight * values[i];
          // The first of equal claims wins.
          owner[i] = value > best[i] ? k : owner[i];
          best[i] = std::max(value, best[i]);
        }
      }
      for (int y = 0; y < tile.height; ++y) {
        std::copy_n(owner + y * kTile, tile.width, owners.claim.row(tile.y + y) + tile.x);
        for (int x = 0; x < tile.width; ++x) ++areas[worker][owner[y * kTile + x]];
      }
    }
  });
  for (const auto& area : areas)
    for (std::size_t k = 0; k < claims.size(); ++k) owners.area[k] += area[k];
  return owners;
}

/// The number of pixels where a mask's probability is one half or more.
std::int64_t area_of_mask(const ScaledMasks& masks, int row) {
  constexpr int kTile = ScaledMasks::kTile;
  float values[kTile * kTile];
  std::int64_t area = 0;
  for (int t = 0; t < masks.tile_count(); ++t) {
    const auto tile = masks.tile(t);
    const auto range = masks.range(row, tile);
    if (range.high * (1 + kRounding) < kInside) continue;
    if (range.low * (1 - kRounding) >= kInside) {
      area += tile.width * tile.height;
      continue;
    }
    masks.interpolate(row, tile, values);
    for (int y = 0; y < tile.height; ++y)
      area += std::count_if(values + y * kTile, values + y * kTile + tile.width,
                            [](float value) { return value >= kInside; });
  }
  return area;
}

/// Gives pixels without a segment to the kept stuff that is strongest there.
void fill_with_stuff(const ScaledMasks& masks, const PanopticMergeOptions& options, MergedMap& map,
                     int threads) {
  constexpr int kTile = ScaledMasks::kTile;
  std::vector<MaskClaim> claims;
  std::vector<std::int32_t> segments;
  for (std::size_t k = 0; k < map.segments.size(); ++k) {
    if (map.segments[k].claim.thing) continue;
    claims.push_back(map.segments[k].claim);
    segments.push_back(static_cast<std::int32_t>(k));
  }
  if (claims.empty()) return;
  const auto weights = competing_weights(claims, options);
  const auto is_void = [&](int x, int y) { return map.segment.at(x, y) < 0; };
  parallel_for(masks.tile_count(), threads, [&](std::size_t index, int) {
    const auto tile = masks.tile(static_cast<int>(index));
    bool has_void = false;
    for (int y = 0; y < tile.height && !has_void; ++y)
      for (int x = 0; x < tile.width; ++x) has_void = has_void || is_void(tile.x + x, tile.y + y);
    if (!has_void) return;
    float values[kTile * kTile], best[kTile * kTile];
    std::int32_t owner[kTile * kTile];
    std::fill_n(best, kTile * kTile, -1.0F);
    for (std::size_t k = 0; k < claims.size(); ++k) {
      masks.interpolate(claims[k].row, tile, values);
      for (int i = 0; i < tile.height * kTile; ++i) {
        const float value = weights[k] * values[i];
        owner[i] = value > best[i] ? segments[k] : owner[i];
        best[i] = std::max(value, best[i]);
      }
    }
    for (int y = 0; y < tile.height; ++y)
      for (int x = 0; x < tile.width; ++x)
        if (is_void(tile.x + x, tile.y + y))
          map.segment.at(tile.x + x, tile.y + y) = owner[y * kTile + x];
  });
  for (auto& segment : map.segments) segment.area = 0;
  for (const std::int32_t k : map.segment.values())
    if (k >= 0) ++map.segments[static_cast<std::size_t>(k)].area;
}

}  // namespace

MergedMap merge_panoptic(const ScaledMasks& masks, std::span<const MaskClaim> all_claims,
                         const PanopticMergeOptions& options, int threads) {
  const auto claims = competing_claims(masks, all_claims, options);
  if (claims.empty()) return {Pixels<std::int32_t>(masks.size(), 1, -1), {}};
  const Owners owners = find_owners(masks, claims, competing_weights(claims, options), threads);
  std::vector<int> order;
  for (std::size_t k = 0; k < claims.size(); ++k)
    if (owners.area[k] > 0 && !(claims[k].thing && claims[k].score < options.thing_score))
      order.push_back(static_cast<int>(k));
  std::stable_sort(order.begin(), order.end(),
                   [&](int a, int b) { return claims[a].score > claims[b].score; });
  std::vector<std::int64_t> mask_areas(order.size());
  parallel_for(order.size(), threads, [&](std::size_t i, int) {
    mask_areas[i] = area_of_mask(masks, claims[order[i]].row);
  });

  MergedMap result;
  std::vector<std::int32_t> segment_of_claim(claims.size(), -1);
  for (std::size_t i = 0; i < order.size(); ++i) {
    const int k = order[i];
    const auto owned = static_cast<double>(owners.area[k]);
    if (mask_areas[i] == 0 || owned / static_cast<double>(mask_areas[i]) < options.overlap)
      continue;
    segment_of_claim[k] = static_cast<std::int32_t>(result.segments.size());
    result.segments.push_back({claims[k], owners.area[k]});
  }
  result.segment = Pixels<std::int32_t>(masks.size(), 1);
  std::transform(owners.claim.values().begin(), owners.claim.values().end(),
                 result.segment.values().begin(),
                 [&](std::int32_t k) { return segment_of_claim[k]; });
  if (options.fill_with_stuff) fill_with_stuff(masks, options, result, threads);
  return result;
}

}  // namespace tessera
