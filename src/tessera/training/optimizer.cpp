#include "tessera/training/optimizer.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "tessera/core/error.h"
#include "tessera/training/weight_loops.h"

namespace tessera {
namespace {

template <class... Layers>
bool is_any_of(const torch::nn::Module& part) {
  return ((part.as<Layers>() != nullptr) || ...);
}

/// Names of the parameters that belong to layers of some kinds.
template <class... Layers>
std::set<std::string> parameters_of(const torch::nn::Module& module) {
  std::set<std::string> names;
  for (const auto& item : module.named_modules()) {
    const auto* part = item.value().get();
    if (!is_any_of<Layers...>(*part)) continue;
    for (const auto& parameter : part->named_parameters(/*recurse=*/false))
      names.insert(item.key().empty() ? parameter.key() : item.key() + "." + parameter.key());
  }
  return names;
}

/// Swin's learned positions, which are no layer of their own.
bool is_position_table(const std::string& name) {
  return name.ends_with("relative_position_bias_table") || name.ends_with("absolute_pos_embed");
}

/// The longest pattern first; equally long ones by the alphabet.
std::vector<ParameterRule> sorted(std::vector<ParameterRule> rules) {
  std::sort(rules.begin(), rules.end(), [](const auto& a, const auto& b) {
    return a.pattern.size() != b.pattern.size() ? a.pattern.size() > b.pattern.size()
                                                : a.pattern < b.pattern;
  });
  return rules;
}

}  // namespace

void read_fields(ConfigReader& reader, ParameterRule& rule) {
  reader.require("pattern", rule.pattern);
  reader.read("lr", rule.lr, {.low = 0});
  reader.read("decay", rule.decay, {.low = 0});
}

void read_fields(ConfigReader& reader, OptimizerOptions& options) {
  reader.read("kind", options.kind,
              {{"adamw", OptimizerOptions::Kind::kAdamW}, {"sgd", OptimizerOptions::Kind::kSgd}});
  reader.read("lr", options.lr, {.low = 0});
  reader.read("weight_decay", options.weight_decay, {.low = 0});
  reader.read("betas", options.betas);
  reader.read("epsilon", options.epsilon, {.low = 0});
  reader.read("momentum", options.momentum, {.low = 0, .high = 1});
  reader.read("norm_decay", options.norm_decay, {.low = 0});
  reader.read("bias_decay", options.bias_decay, {.low = 0});
  reader.read("embedding_decay", options.embedding_decay, {.low = 0});
  reader.read("max_norm", options.max_norm, {.low = 0});
  reader.read("rules", options.rules);
}

Optimizer::Optimizer(const torch::nn::Module& module, OptimizerOptions options)
    : options_(std::move(options)) {
  const auto norms =
      parameters_of<torch::nn::BatchNorm2d, torch::nn::GroupNorm, torch::nn::LayerNorm>(module);
  const auto embeddings = parameters_of<torch::nn::Embedding>(module);
  const auto rules = sorted(options_.rules);
  for (const auto& item : module.named_parameters()) {
    if (!item.value().requires_grad()) continue;
    Parameter parameter = {.name = item.key(), .value = item.value()};
    const auto rule = std::find_if(rules.begin(), rules.end(), [&](const ParameterRule& r) {
      return item.key().find(r.pattern) != std::string::npos;
    });
    if (rule != rules.end()) {
      parameter.lr = rule->lr;
      parameter.decay = rule->decay;
    } else if (norms.contains(item.key())) {
      parameter.decay = options_.norm_decay;
    } else if (embeddings.contains(item.key()) || is_position_table(item.key())) {
      parameter.decay = options_.embedding_decay;
    } else if (item.key().ends_with("bias")) {
      parameter.decay = options_.bias_decay;
    }
    parameter.first = torch::zeros_like(item.value());
    if (options_.kind == OptimizerOptions::Kind::kAdamW)
      parameter.second = torch::zeros_like(item.value());
    parameters_.push_back(std::move(parameter));
  }
  if (parameters_.empty()) fail("the model has no parameter that is trained");
}

double Optimizer::clip(double factor) {
  const torch::NoGradGuard no_grad;
  double squares = 0;
  torch::Tensor device_squares;  // read once, because reading waits for the device
  for (const Parameter& parameter : parameters_) {
    const torch::Tensor& gradient = parameter.value.grad();
    if (!gradient.defined()) continue;
    if (suits_loops(gradient)) {
      squares += sum_of_squares(gradient);
      continue;
    }
    const auto square = torch::norm(gradient, 2, torch::kFloat64).square();
    device_squares = device_squares.defined() ? device_squares + square : square;
  }
  if (device_squares.defined()) squares += device_squares.item<double>();
  double norm = factor * std::sqrt(squares);
  // A training has gone astray by then, and without clipping AdamW's moments can't hold the square.
  if (norm * norm > std::numeric_limits<float>::max())
    norm = std::numeric_limits<double>::infinity();
  if (!std::isfinite(norm)) return norm;
  if (options_.max_norm > 0 && norm > options_.max_norm)
    factor *= options_.max_norm / (norm + 1e-6);
  if (factor == 1) return norm;
  for (const Parameter& parameter : parameters_) {
    torch::Tensor& gradient = parameter.value.mutable_grad();
    if (gradient.defined() && suits_loops(gradient))
      scale(gradient, factor);
    else if (gradient.defined())
      gradient.mul_(factor);
  }
  return norm;
}

void Optimizer::update(Parameter& parameter, double rate) const {
  const torch::Tensor& gradient = parameter.value.grad();
  if (!gradient.defined()) return;
  const torch::NoGradGuard no_grad;
  const double decay = options_.weight_decay * parameter.decay;
  torch::Tensor& value = parameter.value;
  if (options_.kind == OptimizerOptions::Kind::kSgd) {
    const auto push = decay == 0 ? gradient : gradient.add(value, decay);
    parameter.first.mul_(options_.momentum).add_(push);
    value.add_(parameter.first, -rate);
    return;
  }
  const auto [beta1, beta2] = options_.betas;
  const double correction1 = 1 - std::pow(beta1, steps_);
  const double correction2 = std::sqrt(1 - std::pow(beta2, steps_));
  if (suits_loops(value) && suits_loops(gradient)) {
    step_adamw(value, gradient, parameter.first, parameter.second,
               {.beta1 = beta1,
                .beta2 = beta2,
                .epsilon = options_.epsilon,
                .keep = 1 - rate * decay,
                .rate = rate / correction1,
                .correction2 = correction2});
    return;
  }
  value.mul_(1 - rate * decay);
  parameter.first.mul_(beta1).add_(gradient, 1 - beta1);
  parameter.second.mul_(beta2).addcmul_(gradient, gradient, 1 - beta2);
  const auto denominator = parameter.second.sqrt().div_(correction2).add_(options_.epsilon);
  value.addcdiv_(parameter.first, denominator, -rate / correction1);
}

void Optimizer::clear_gradients() {
  for (Parameter& parameter : parameters_) parameter.value.mutable_grad() = torch::Tensor();
}

std::vector<std::pair<std::string, torch::Tensor>> Optimizer::moments() const {
  const bool sgd = options_.kind == OptimizerOptions::Kind::kSgd;
  std::vector<std::pair<std::string, torch::Tensor>> result;
  for (const Parameter& parameter : parameters_) {
    result.emplace_back((sgd ? "momentum/" : "exp_avg/") + parameter.name, parameter.first);
    if (!sgd) result.emplace_back("exp_avg_sq/" + parameter.name, parameter.second);
  }
  return result;
}

std::map<std::string, torch::Tensor> Optimizer::state() const {
  std::map<std::string, torch::Tensor> state = {{"steps", torch::tensor(steps_)}};
  for (const auto& [name, tensor] : moments()) state[name] = tensor;
  return state;
}

void Optimizer::load_state(const std::map<std::string, torch::Tensor>& state) {
  const torch::NoGradGuard no_grad;
  const auto get = [&](const std::string& name) {
    const auto found = state.find(name);
    if (found == state.end())
      fail("the optimiser's state has no '{}'; it is of another model or optimiser", name);
    return found->second;
  };
  steps_ = get("steps").item<std::int64_t>();
  for (const auto& [name, tensor] : moments()) {
    const auto saved = get(name);
    if (saved.sizes() != tensor.sizes())
      fail("the optimiser's state '{}' has another shape; it is of another model", name);
    tensor.copy_(saved);
  }
}

}  // namespace tessera
