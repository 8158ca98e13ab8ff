#pragma once

#include <torch/nn/module.h>

namespace tessera {

/// Gives every convolution of a module mmcv's random weights: Kaiming's normal ones for a ReLU, by
/// the channels that go out; biases 0.
void initialise_convolutions(torch::nn::Module& module);

/// Makes the residual blocks of a ResNet start as identities: their last batch norms scale by 0.
void start_blocks_as_identities(torch::nn::Module& resnet);

}  // namespace tessera
