#pragma once

#include <torch/nn/module.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace tessera {

/// How large a part of a network is and how much it computes.
struct PartWork {
  std::string name;  ///< of a child of the network
  std::int64_t parameters = 0;
  std::int64_t multiply_adds = 0;  ///< of convolutions and matrix products
};

/// Watches `forward`, which must run `net` on this thread. What an operation without parameters
/// does counts for the part whose parameters were used last.
std::vector<PartWork> count_work(const torch::nn::Module& net,
                                 const std::function<void()>& forward);

}  // namespace tessera
