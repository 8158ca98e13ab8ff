#pragma once

#include <torch/types.h>

#include "tessera/nn/losses.h"

namespace tessera {

/// How alike the objects of two frames are, and which are the same.
struct TrackPairs {
  torch::Tensor similarities;  ///< [K, R] dot products
  torch::Tensor cosines;       ///< [K, R]
  torch::Tensor same;          ///< [K, R] bool
};

/// key, reference: [K, E] and [R, E] embeddings; key_objects, reference_objects: which object of
/// its frame each row stands for; matches: [M] the object of the reference frame that is the key
/// frame's object m, -1 for none.
TrackPairs pair_tracks(const torch::Tensor& key, const torch::Tensor& reference,
                       const torch::Tensor& key_objects, const torch::Tensor& reference_objects,
                       const torch::Tensor& matches);

/// Over the rows with a partner: log(1 + sum over partners p and others n of exp(s_n - s_p)).
torch::Tensor multi_positive_loss(const torch::Tensor& similarities, const torch::Tensor& same);

struct CosineLossOptions {
  double margin = 0.1;     ///< others may be this alike for free
  int negative_share = 3;  ///< of each partner this many of the hardest others count at most
};

/// The squared distance of cosines to 1 for partners and 0 for others.
torch::Tensor cosine_loss(const torch::Tensor& cosines, const torch::Tensor& same,
                          const CosineLossOptions& options = {});

/// `loss_track` and `loss_track_aux` with their weights.
LossTerms track_losses(const TrackPairs& pairs);

}  // namespace tessera
