#pragma once

#include <torch/nn/module.h>

#include <cstdint>
#include <string>

#include "tessera/checkpoint/tensor.h"

namespace tessera {

/// Whether these are the weights of a classifier of the original Swin release.
bool is_original_swin(const NamedTensors& tensors);

/// The weights of the original Swin release as SwinLayout::kOpenMmlab has them: other names, and
/// the four pixels of each patch merging in another order. The classifier, its norm and the
/// attention masks are left out; the release has no norm0..3. `prefix` goes before every name.
NamedTensors from_original_swin(const NamedTensors& tensors, const std::string& prefix = "");

/// Brings the tables of relative positions to the windows of `module`, bicubically as mmdetection
/// does, and leaves out the indexes into tables of another size. Gives the number of such tables.
std::int64_t fit_position_tables(NamedTensors& tensors, const torch::nn::Module& module);

}  // namespace tessera
