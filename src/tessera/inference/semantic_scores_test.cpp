#include "tessera/inference/semantic_scores.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <limits>

#include "tessera/core/error.h"
#include "tessera/nn/resize.h"

namespace tessera {
namespace {

constexpr int kTile = ScaledMasks::kTile;

/// What the official code does: resize to the input, resize to the picture, softmax.
torch::Tensor dense_probabilities(const SemanticView& view) {
  const Geometry& g = view.geometry;
  const auto at_input =
      resize_bilinear(view.logits.unsqueeze(0), {g.resized.height, g.resized.width});
  auto p = resize_bilinear(at_input, {g.original.height, g.original.width}).softmax(1)[0];
  return view.mirrored ? p.flip(2) : p;
}

torch::Tensor as_tensor(LabelMap labels) {
  return torch::from_blob(labels.data(), {labels.height(), labels.width()}, torch::kUInt8)
      .to(torch::kInt64);
}

SemanticView view_of(std::int64_t classes, Size resized, bool mirrored) {
  const std::int64_t height = (resized.height + 7) / 8, width = (resized.width + 7) / 8;
  return {3 * torch::randn({classes, height, width}), {{97, 61}, resized, resized}, mirrored};
}

TEST(SemanticScores, OneViewIsTheArgmaxOfTheResizedLogits) {
  torch::manual_seed(1);
  const SemanticView view = view_of(20, {120, 75}, false);
  const auto wanted = dense_probabilities(view).argmax(0);
  EXPECT_TRUE(torch::equal(as_tensor(SemanticScores({view}).labels(2)), wanted));
}

TEST(SemanticScores, SeveralViewsHaveTheirMeanProbability) {
  torch::manual_seed(2);
  const std::vector<SemanticView> views = {view_of(7, {120, 75}, false),
                                           view_of(7, {120, 75}, true), view_of(7, {60, 38}, true)};
  auto mean = torch::zeros({7, 61, 97});
  for (const auto& view : views) mean += dense_probabilities(view) / 3;
  const SemanticScores scores(views);
  auto values = torch::zeros({7, kTile, kTile});
  for (int t = 0; t < scores.tile_count(); ++t) {
    const auto tile = scores.tile(t);
    scores.probabilities(tile, values.data_ptr<float>());
    EXPECT_TRUE(torch::allclose(
        values.slice(1, 0, tile.height).slice(2, 0, tile.width),
        mean.slice(1, tile.y, tile.y + tile.height).slice(2, tile.x, tile.x + tile.width), 1e-4,
        1e-6));
  }
  EXPECT_GT(as_tensor(scores.labels(1)).eq(mean.argmax(0)).to(torch::kFloat32).mean().item<float>(),
            0.999);
}

TEST(SemanticScores, TheFirstOfEqualClassesWins) {
  const SemanticView view = {torch::ones({3, 4, 4}), {{40, 40}, {32, 32}, {32, 32}}, false};
  EXPECT_EQ(as_tensor(SemanticScores({view}).labels(1)).sum().item<std::int64_t>(), 0);
  SemanticView mirrored = view;
  mirrored.mirrored = true;
  EXPECT_EQ(as_tensor(SemanticScores({view, mirrored}).labels(1)).sum().item<std::int64_t>(), 0);
}

TEST(SemanticScores, RefusesWhatIsNotANumber) {
  SemanticView view = view_of(3, {64, 64}, false);
  view.logits[1][2][2] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THROW(SemanticScores({view}), Error);
}

}  // namespace
}  // namespace tessera
