#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <optional>

#include "tessera/data/class_list.h"
#include "tessera/inference/image_predictor.h"
#include "tessera/models/knet/knet.h"

namespace tessera {

/// A picture as a network takes it: resized, normalised, padded.
struct NetworkInput {
  NetworkInput(const Image& picture, const std::optional<Scale>& scale, int divisor,
               const NormalizeOptions& normalize);
  NetworkInput(const Image& picture, const TestOptions& test)
      : NetworkInput(picture, test.scale, test.divisor, test.normalize) {}
  /// The pixels where a network's parameters are, in their type.
  torch::Tensor on_device_of(const torch::nn::Module& net) const;

  Geometry geometry;
  torch::Tensor pixels;  ///< [1, 3, H, W] float32
};

/// Scores as floats on the CPU; an Error when one is NaN or infinite.
torch::Tensor finite_scores(const torch::Tensor& scores);

/// An Error when a model has other numbers of classes than its class list.
void check_classes(const KNetOptions& options, const ClassOrder& classes);

}  // namespace tessera
