#include "torch_case.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include <map>
#include <regex>
#include <vector>

#include "tessera/core/error.h"
#include "tessera/nn/fill.h"
#include "tessera/nn/tensor_io.h"

namespace tessera::parity {
namespace {

void apply_override(const Json& entry, torch::nn::Module& module) {
  const std::regex pattern(entry.at(0).get<std::string>());
  const std::string op = entry.at(2);
  const double value = entry.at(3);
  bool used = false;
  for (auto& [name, whole] : named_state(module)) {
    if (!std::regex_match(name, pattern)) continue;
    used = true;
    auto part = entry.at(1).is_null() ? whole : whole[entry.at(1).get<std::int64_t>()];
    if (op == "add")
      part.add_(value);
    else if (op == "mul")
      part.mul_(value);
    else if (op == "set")
      part.fill_(value);
    else
      fail("override '{}' is none of add, mul, set", op);
  }
  if (!used) fail("no parameter matches the override {}", entry.at(0).dump());
}

}  // namespace

Values to_values(const torch::Tensor& tensor) {
  const auto data = tensor.detach().to(torch::kCPU).to(torch::kFloat64).contiguous();
  const auto* first = data.data_ptr<double>();
  return {.shape = tensor.sizes().vec(),
          .data = {first, first + data.numel()},
          .is_integer = !tensor.is_floating_point()};
}

torch::Tensor to_torch_tensor(const Values& values, torch::ScalarType type) {
  return torch::tensor(values.data, torch::kFloat64).view(values.shape).to(type);
}

void fill_case_module(const Case& c, torch::nn::Module& module) {
  const torch::NoGradGuard no_grad;
  fill_module(module, c.data.value("salt", ""));
  for (const Json& entry : c.data.value("overrides", Json::array())) apply_override(entry, module);
}

torch::Tensor case_input(const Case& c, const Report& report, const std::string& name) {
  const Json& input = c.data.at("inputs").at(name);
  if (!input.is_object()) return to_torch_tensor(report.stored(name));
  auto tensor = signal(input.at("signal"), input.at("shape").get<std::vector<std::int64_t>>(),
                       input.value("scale", 1.0));
  if (input.value("zero_outside_img_shape", false)) {
    const Json& shapes = c.data.at("img_shape");
    for (std::size_t b = 0; b < shapes.size(); ++b) {
      auto image = tensor[static_cast<std::int64_t>(b)];
      image.slice(1, shapes[b][0].get<std::int64_t>()).zero_();
      image.slice(2, shapes[b][1].get<std::int64_t>()).zero_();
    }
  }
  return tensor;
}

void compare_if_stored(Report& report, const std::string& name, const torch::Tensor& tensor) {
  if (report.has(name)) report.compare(name, to_values(tensor));
}

void compare_keys(const Case& c, Report& report, const torch::nn::Module& module,
                  const std::string& entry) {
  std::map<std::string, std::vector<std::int64_t>> expected =
      read_json(c.file(entry)).get<std::map<std::string, std::vector<std::int64_t>>>();
  std::string wrong;
  for (const auto& [name, tensor] : named_state(module)) {
    const auto found = expected.find(name);
    if (found == expected.end())
      wrong += fmt::format(" {} is ours only;", name);
    else if (found->second != tensor.sizes().vec())
      wrong += fmt::format(" {} is {}, ours {};", name, format_shape(found->second),
                           format_shape(tensor.sizes().vec()));
    if (found != expected.end()) expected.erase(found);
  }
  for (const auto& [name, shape] : expected) wrong += fmt::format(" {} is missing;", name);
  report.check(entry, wrong.empty(), wrong);
}

}  // namespace tessera::parity
