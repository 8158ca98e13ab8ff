#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/conv.h>
#include <torch/types.h>

#include "tessera/nn/batch_norm.h"

namespace tessera {

/// A module that computes the same faster once it need not be trained any more.
class InferenceForm {
 public:
  virtual ~InferenceForm() = default;
  /// Puts batch norms into the convolutions before them.
  virtual void fold_norms() = 0;
  /// Brings weights into the form that is convolved fastest: Winograd's, or oneDNN's own order.
  virtual void pack_weights() = 0;
};

/// Brings a module to a device and a floating-point type. Tables of indexes keep their type, which
/// Module::to changes as well.
void move_module(torch::nn::Module& module, torch::Device device, torch::ScalarType type);

/// Brings a module that is only evaluated from now on to a device and a type, in its fastest form.
/// Its parameters may then be empty and can't be saved.
void prepare_for_inference(torch::nn::Module& module, torch::Device device, torch::ScalarType type);

/// What InferenceForm is made of.
void fold_norm(torch::nn::Conv2d& conv, const BatchNorm& norm);
void pack_weight(torch::nn::Conv2d& conv);
/// The convolution, packed or not. A packed one also takes tensors in oneDNN's order, and then
/// gives such.
torch::Tensor convolve(torch::nn::Conv2d& conv, const torch::Tensor& x);
/// Out of oneDNN's order, if x is in it.
torch::Tensor dense(const torch::Tensor& x);

}  // namespace tessera
