#include "tessera/inference/scaled_masks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>

#include "tessera/core/error.h"
#include "tessera/inference/panoptic_merge.h"

namespace tessera {
namespace {

struct Case {
  Size grid;
  Geometry geometry;
};

/// Grids that meet the picture at every ratio, odd sizes, and grids of one cell.
std::vector<Case> cases() {
  return {{{40, 24}, {{157, 90}, {155, 89}, {160, 96}}},
          {{40, 24}, {{71, 33}, {160, 96}, {160, 96}}},
          {{24, 40}, {{300, 501}, {93, 155}, {96, 160}}},
          {{8, 8}, {{1, 1}, {32, 32}, {32, 32}}},
          {{1, 2}, {{3, 9}, {4, 7}, {4, 8}}}};
}

torch::Tensor resize(const torch::Tensor& x, Size size) {
  return at::upsample_bilinear2d(x, {size.height, size.width}, false);
}

/// The two resizes one after the other, as the references do them.
torch::Tensor by_torch(const torch::Tensor& probabilities, const Geometry& g) {
  const auto padded = resize(probabilities.unsqueeze(0), g.padded);
  return resize(padded.slice(2, 0, g.resized.height).slice(3, 0, g.resized.width), g.original)
      .squeeze(0);
}

torch::Tensor random_masks(int rows, Size grid) {
  torch::manual_seed(5);
  const auto coarse = torch::randn({1, rows, (grid.height + 3) / 4, (grid.width + 3) / 4}) * 4;
  return resize(coarse, grid).squeeze(0).sigmoid().contiguous();
}

ScaledMasks view(const torch::Tensor& p, const Case& c) {
  return ScaledMasks({p.data_ptr<float>(), static_cast<std::size_t>(p.numel())},
                     static_cast<int>(p.size(0)), c.grid, c.geometry);
}

TEST(ScaledMasks, EqualTwoResizes) {
  for (const Case& c : cases()) {
    const auto p = random_masks(3, c.grid);
    const auto expected = by_torch(p, c.geometry);
    const ScaledMasks masks = view(p, c);
    for (int row = 0; row < masks.rows(); ++row) {
      const auto actual = torch::tensor(masks.dense(row)).view_as(expected[row]);
      EXPECT_LT((actual - expected[row]).abs().max().item<float>(), 2e-6)
          << to_string(c.geometry.original);
      const auto above = rle_area(masks.above(row, 0.5F));
      const auto wanted = (expected[row] > 0.5).sum().item<std::int64_t>();
      EXPECT_NEAR(static_cast<double>(above), static_cast<double>(wanted), 2);
    }
  }
}

TEST(ScaledMasks, RefuseGridsLargerThanThePicture) {
  const auto p = torch::zeros({1, 8, 8});
  EXPECT_THROW(view(p, {{8, 8}, {{9, 9}, {4, 4}, {4, 4}}}), Error);
}

/// The definition: every row at full size, then the argmax.
MergedMap by_definition(const torch::Tensor& full, const std::vector<MaskClaim>& claims,
                        const PanopticMergeOptions& options) {
  std::vector<float> scores, weights;
  for (const MaskClaim& claim : claims) {
    scores.push_back(claim.score);
    const bool weak = claim.thing && claim.score < options.thing_score;
    weights.push_back(weak && !options.weak_things_compete
                          ? -1.0F
                          : std::pow(claim.score, static_cast<float>(options.score_weight)));
  }
  const auto owner = (torch::tensor(weights).view({-1, 1, 1}) * full).argmax(0);
  MergedMap map;
  map.segment =
      Pixels<std::int32_t>({static_cast<int>(full.size(2)), static_cast<int>(full.size(1))}, 1, -1);
  const auto order = (-torch::tensor(scores)).argsort();
  for (std::int64_t i = 0; i < order.size(0); ++i) {
    const auto row = order[i].item<std::int64_t>();
    const MaskClaim& claim = claims[static_cast<std::size_t>(row)];
    if (claim.thing && claim.score < options.thing_score) continue;
    const auto mine = owner == row;
    const auto area = mine.sum().item<std::int64_t>();
    const auto own = (full[row] >= 0.5).sum().item<std::int64_t>();
    if (area == 0 || own == 0 ||
        static_cast<double>(area) / static_cast<double>(own) < options.overlap)
      continue;
    for (int y = 0; y < map.segment.height(); ++y)
      for (int x = 0; x < map.segment.width(); ++x)
        if (mine[y][x].item<bool>())
          map.segment.at(x, y) = static_cast<std::int32_t>(map.segments.size());
    map.segments.push_back({claim, area});
  }
  return map;
}

TEST(PanopticMerge, EqualsItsDefinition) {
  for (const Case& c : cases()) {
    const auto p = random_masks(12, c.grid);
    std::vector<MaskClaim> claims;
    for (int row = 0; row < 12; ++row)
      claims.push_back({row, 0.2F + 0.065F * static_cast<float>((row * 5) % 12), row < 8, row});
    const auto full = by_torch(p, c.geometry);
    for (const PanopticMergeOptions& options :
         {PanopticMergeOptions{}, PanopticMergeOptions{.score_weight = 0.25},
          PanopticMergeOptions{.overlap = 0.3, .score_weight = 0, .weak_things_compete = false}}) {
      const MergedMap expected = by_definition(full, claims, options);
      const MergedMap actual = merge_panoptic(view(p, c), claims, options, 3);
      ASSERT_EQ(actual.segments.size(), expected.segments.size());
      int off = 0;
      for (std::size_t i = 0; i < actual.segment.values().size(); ++i)
        off += actual.segment.values()[i] != expected.segment.values()[i];
      EXPECT_LE(off, 2) << to_string(c.geometry.original);
      for (std::size_t k = 0; k < actual.segments.size(); ++k)
        EXPECT_EQ(actual.segments[k].claim.row, expected.segments[k].claim.row);
    }
  }
}

TEST(PanopticMerge, NobodyMayBeLeftToCompete) {
  const Case c = cases().front();
  const auto p = random_masks(2, c.grid);
  const std::vector<MaskClaim> claims = {{0, 0.1F, true, 0}, {1, 0.2F, true, 1}};
  const MergedMap map =
      merge_panoptic(view(p, c), claims, {.overlap = 0, .weak_things_compete = false}, 2);
  EXPECT_TRUE(map.segments.empty());
  EXPECT_THAT(map.segment.values(), ::testing::Each(-1));
}

TEST(PanopticMerge, OfThingsThatOverlapTheBetterOneStays) {
  const Case c = cases().front();
  auto p = torch::full({4, c.grid.height, c.grid.width}, 0.1F);
  p[0].slice(1, 0, 16) = 0.9F;
  p[1].slice(1, 2, 18) = 0.95F;  // shares 14 of 16 columns with the first
  p[2].slice(1, 18, 30) = 0.9F;
  p[3].slice(1, 20, 40) = 0.5F;
  const std::vector<MaskClaim> claims = {
      {0, 0.9F, true, 0}, {0, 0.8F, true, 1}, {1, 0.7F, true, 2}, {5, 1.0F, false, 3}};
  const auto rows_at = [&](double overlap) {
    const MergedMap map =
        merge_panoptic(view(p, c), claims, {.overlap = 0, .duplicate_overlap = overlap}, 2);
    std::vector<int> rows;
    for (const auto& segment : map.segments) rows.push_back(segment.claim.row);
    return rows;
  };
  EXPECT_THAT(rows_at(1), ::testing::ElementsAre(3, 0, 1, 2));
  EXPECT_THAT(rows_at(0.9), ::testing::ElementsAre(3, 0, 1, 2));
  EXPECT_THAT(rows_at(0.8), ::testing::ElementsAre(3, 0, 2));
}

TEST(PanopticMerge, PixelsOfDroppedSegmentsCanGoToStuff) {
  const Case c = cases().front();
  const auto p = random_masks(12, c.grid);
  std::vector<MaskClaim> claims;
  for (int row = 0; row < 12; ++row) claims.push_back({row, row < 8 ? 0.25F : 0.2F, row < 8, row});
  const auto count_void = [](const MergedMap& map) {
    return std::count(map.segment.values().begin(), map.segment.values().end(), -1);
  };
  // Things are below the least score, so their pixels are void.
  const MergedMap with_void = merge_panoptic(view(p, c), claims, {.overlap = 0}, 1);
  EXPECT_GT(count_void(with_void), 0);
  const MergedMap filled =
      merge_panoptic(view(p, c), claims, {.overlap = 0, .fill_with_stuff = true}, 2);
  EXPECT_EQ(count_void(filled), 0);
  std::int64_t area = 0;
  for (const auto& segment : filled.segments) area += segment.area;
  EXPECT_EQ(area, static_cast<std::int64_t>(filled.segment.values().size()));
  for (std::size_t i = 0; i < filled.segment.values().size(); ++i) {
    if (with_void.segment.values()[i] >= 0) {
      EXPECT_EQ(filled.segment.values()[i], with_void.segment.values()[i]);
    }
  }
}

}  // namespace
}  // namespace tessera
