#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <set>
#include <string>

#include "tessera/nn/fill_rule.h"

namespace tessera {

/// Fills the floating-point parameters and buffers of a module by the fill rule on their names;
/// integer buffers and the names in `skip` keep what they hold. Values are computed as float32 and
/// then take each tensor's type.
void fill_module(torch::nn::Module& module, const std::string& salt = "",
                 const std::set<std::string>& skip = {});

/// An input tensor of float32 by the fill rule: scale * v of the stream called `name`.
torch::Tensor signal(const std::string& name, torch::IntArrayRef shape, double scale = 1);

}  // namespace tessera
