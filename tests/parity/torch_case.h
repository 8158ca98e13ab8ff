#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <string>

#include "report.h"

namespace tessera::parity {

Values to_values(const torch::Tensor& tensor);
torch::Tensor to_torch_tensor(const Values& values, torch::ScalarType type = torch::kFloat32);

/// Fills a module by the fill rule with the case's salt, then applies the case's `overrides`:
/// [regular expression of the whole key, row or null, add|mul|set, value].
void fill_case_module(const Case& c, torch::nn::Module& module);

/// An input of the case: its `inputs` entry as a signal, or the stored tensor. Pixels outside
/// `img_shape` become 0 where the entry says zero_outside_img_shape.
torch::Tensor case_input(const Case& c, const Report& report, const std::string& name);

/// Compares where the case has stored the tensor.
void compare_if_stored(Report& report, const std::string& name, const torch::Tensor& tensor);

/// Compares a module's names and shapes with a keys_*.json file, an object of name -> shape or a
/// list of [name, shape]: every key used, none left over.
void compare_keys(const Case& c, Report& report, const torch::nn::Module& module,
                  const std::string& entry = "keys");

}  // namespace tessera::parity
