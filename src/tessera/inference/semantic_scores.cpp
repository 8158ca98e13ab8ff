#include "tessera/inference/semantic_scores.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "tessera/core/error.h"
#include "tessera/core/thread_pool.h"
#include "tessera/inference/network_input.h"

namespace tessera {
namespace {

constexpr int kTile = ScaledMasks::kTile;
constexpr int kPixels = kTile * kTile;

void mirror_rows(const ScaledMasks::Tile& tile, float* values) {
  for (int y = 0; y < tile.height; ++y)
    std::reverse(values + y * kTile, values + y * kTile + tile.width);
}

/// logits[class][pixel] to probabilities, in place; what lies outside the tile is left alone.
void softmax(int classes, const ScaledMasks::Tile& tile, float* logits) {
  for (int y = 0; y < tile.height; ++y) {
    float greatest[kTile], sum[kTile] = {};
    float* row = logits + y * kTile;
    std::copy_n(row, tile.width, greatest);
    for (int c = 1; c < classes; ++c)
      for (int x = 0; x < tile.width; ++x)
        greatest[x] = std::max(greatest[x], row[c * kPixels + x]);
    for (int c = 0; c < classes; ++c)
      for (int x = 0; x < tile.width; ++x) {
        float& value = row[c * kPixels + x];
        value = std::exp(value - greatest[x]);
        sum[x] += value;
      }
    for (int c = 0; c < classes; ++c)
      for (int x = 0; x < tile.width; ++x) row[c * kPixels + x] /= sum[x];
  }
}

/// Keeps the greatest value of each pixel so far, and whose it is.
struct Winners {
  float best[kPixels];
  std::uint8_t label[kPixels];
  bool any = false;

  void add(int label_of_values, const ScaledMasks::Tile& tile, const float* values) {
    for (int y = 0; y < tile.height; ++y)
      for (int i = y * kTile; i < y * kTile + tile.width; ++i)
        if (!any || values[i] > best[i]) {
          best[i] = values[i];
          label[i] = static_cast<std::uint8_t>(label_of_values);
        }
    any = true;
  }
  void write(const ScaledMasks::Tile& tile, LabelMap& labels) const {
    for (int y = 0; y < tile.height; ++y)
      std::copy_n(label + y * kTile, tile.width, labels.row(tile.y + y) + tile.x);
  }
};

}  // namespace

SemanticScores::SemanticScores(const std::vector<SemanticView>& views) {
  for (const SemanticView& view : views) {
    const auto logits = finite_scores(view.logits).contiguous();
    const Size grid = {static_cast<int>(logits.size(2)), static_cast<int>(logits.size(1))};
    views_.push_back(
        {logits,
         ScaledMasks({logits.data_ptr<float>(), static_cast<std::size_t>(logits.numel())},
                     static_cast<int>(logits.size(0)), grid, view.geometry),
         view.mirrored});
  }
  if (views_.empty()) fail("there is no view to take classes from");
}

LabelMap SemanticScores::labels(int threads) const {
  LabelMap labels(views_.front().scores.size(), 1);
  const bool one_view = views_.size() == 1 && !views_.front().mirrored;
  parallel_for(static_cast<std::size_t>(tile_count()), threads, [&](std::size_t index, int) {
    const auto area = tile(static_cast<int>(index));
    if (one_view)
      label_by_logits(area, labels);
    else
      label_by_probabilities(area, labels);
  });
  return labels;
}

void SemanticScores::label_by_logits(const ScaledMasks::Tile& tile, LabelMap& labels) const {
  const ScaledMasks& scores = views_.front().scores;
  std::vector<ScaledMasks::Range> ranges;
  float sure = -std::numeric_limits<float>::infinity();  // some class has this much everywhere
  for (int c = 0; c < scores.rows(); ++c) {
    ranges.push_back(scores.range(c, tile));
    sure = std::max(sure, ranges.back().low);
  }
  Winners winners;
  float values[kPixels];
  for (int c = 0; c < scores.rows(); ++c) {
    if (ranges[c].high < sure) continue;
    scores.interpolate(c, tile, values);
    winners.add(c, tile, values);
  }
  winners.write(tile, labels);
}

void SemanticScores::label_by_probabilities(const ScaledMasks::Tile& tile, LabelMap& labels) const {
  thread_local std::vector<float> values;
  values.resize(static_cast<std::size_t>(classes()) * kPixels);
  probabilities(tile, values.data());
  Winners winners;
  for (int c = 0; c < classes(); ++c) winners.add(c, tile, values.data() + c * kPixels);
  winners.write(tile, labels);
}

void SemanticScores::probabilities(const ScaledMasks::Tile& tile, float* values) const {
  const std::size_t count = static_cast<std::size_t>(classes()) * kPixels;
  thread_local std::vector<float> of_view;
  of_view.resize(count);
  for (std::size_t v = 0; v < views_.size(); ++v) {
    const View& view = views_[v];
    ScaledMasks::Tile seen = tile;
    if (view.mirrored) seen.x = view.scores.size().width - tile.x - tile.width;
    for (int c = 0; c < classes(); ++c) {
      float* plane = of_view.data() + c * kPixels;
      view.scores.interpolate(c, seen, plane);
      if (view.mirrored) mirror_rows(tile, plane);
    }
    softmax(classes(), tile, of_view.data());
    for (std::size_t i = 0; i < count; ++i)
      values[i] = v == 0 ? of_view[i] : values[i] + of_view[i];
  }
  for (std::size_t i = 0; i < count; ++i) values[i] /= static_cast<float>(views_.size());
}

}  // namespace tessera
