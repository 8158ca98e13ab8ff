#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <functional>

namespace tessera {

/// body(x) without its intermediate results, which the backward pass computes a second time: less
/// memory for about a third more time. The second time has the random numbers and the mixed
/// precision of the first and leaves running statistics alone, so results and gradients are those
/// of body(x), but for the order in which gradients from several users of x are added up. `module`
/// owns the parameters that body uses.
torch::Tensor recompute(const torch::nn::Module& module,
                        const std::function<torch::Tensor(const torch::Tensor&)>& body,
                        const torch::Tensor& x);

/// True while a body runs for the second time.
bool recomputing() noexcept;

}  // namespace tessera
