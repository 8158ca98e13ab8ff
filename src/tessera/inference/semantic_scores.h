#pragma once

#include <torch/types.h>

#include <vector>

#include "tessera/image/image.h"
#include "tessera/inference/scaled_masks.h"

namespace tessera {

/// What a network says about one view of a picture: as it is, scaled or mirrored.
struct SemanticView {
  torch::Tensor logits;  ///< [N, h, w] on any grid
  Geometry geometry;     ///< from that grid to the picture
  bool mirrored = false;
};

/// The classes of a picture's pixels by one view, or by the mean probabilities of several. Logits
/// are brought to the picture's size tile by tile and never stored at it; by one view, only the
/// classes that can win a tile are interpolated.
class SemanticScores {
 public:
  /// An Error when a logit is NaN or infinite.
  explicit SemanticScores(const std::vector<SemanticView>& views);

  /// The likeliest class of each pixel, the first of equal ones.
  LabelMap labels(int threads) const;

  int classes() const { return views_.front().scores.rows(); }
  int tile_count() const { return views_.front().scores.tile_count(); }
  ScaledMasks::Tile tile(int index) const { return views_.front().scores.tile(index); }
  /// The mean probabilities in a tile: [classes][kTile rows][kTile columns].
  void probabilities(const ScaledMasks::Tile& tile, float* values) const;

 private:
  struct View {
    torch::Tensor logits;  ///< that `scores` looks at
    ScaledMasks scores;
    bool mirrored;
  };

  void label_by_logits(const ScaledMasks::Tile& tile, LabelMap& labels) const;
  void label_by_probabilities(const ScaledMasks::Tile& tile, LabelMap& labels) const;

  std::vector<View> views_;
};

}  // namespace tessera
