#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace tessera {

/// The fill rule, version 1: weights for parity tests that depend on a parameter's name and shape
/// only, so that two implementations agree on them without a file.
///
/// FNV-1a of the salted name seeds a splitmix64 stream; the top 24 bits of its values give u in
/// [0, 1) and v = 2u - 1. Then running_var = 1 + 0.5v; running_mean = 0.1v; tensors of two or more
/// dimensions = v * sqrt(3 / fan_in) with fan_in = numel / shape[0]; other `*.weight` = 1 + 0.2v;
/// num_batches_tracked = 0; everything else 0.1v. Computed in double, rounded once.
std::vector<float> fill_values(std::string_view name, std::span<const std::int64_t> shape,
                               std::string_view salt = "");

/// The values of an input: scale * v of the stream called `name`.
std::vector<float> signal_values(std::string_view name, std::size_t count, double scale = 1);

}  // namespace tessera
