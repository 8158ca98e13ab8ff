#pragma once

#include <torch/nn/module.h>

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tessera/core/file.h"
#include "tessera/nn/tensor_io.h"
#include "test_support.h"

namespace tessera::test {

/// Names and shapes of a checkpoint's tensors, for tests.
using Keys = std::map<std::string, std::vector<std::int64_t>>;

inline Keys keys_of(const torch::nn::Module& module) {
  Keys keys;
  for (const auto& [name, tensor] : named_state(module)) keys[name] = tensor.sizes().vec();
  return keys;
}

/// Those of a released checkpoint, from the goldens: FAMILY/FILE.
inline Keys released_keys(const std::string& file) {
  return nlohmann::json::parse(read_text_file(golden_dir() / file)).get<Keys>();
}

}  // namespace tessera::test
