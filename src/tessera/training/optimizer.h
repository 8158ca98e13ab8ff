#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tessera/core/config.h"

namespace tessera {

/// Factors for the parameters whose name contains `pattern`; where several do, the longest pattern
/// counts (mmcv's custom_keys).
struct ParameterRule {
  std::string pattern;
  double lr = 1;
  double decay = 1;
};

struct OptimizerOptions {
  enum class Kind { kAdamW, kSgd };
  Kind kind = Kind::kAdamW;
  double lr = 1e-4;
  double weight_decay = 0.05;
  std::array<double, 2> betas = {0.9, 0.999};
  double epsilon = 1e-8;
  double momentum = 0.9;
  double norm_decay = 1;       ///< factor on the decay of norms' weights and biases
  double bias_decay = 1;       ///< factor on the decay of other biases
  double embedding_decay = 1;  ///< ... of embeddings and tables of positions
  double max_norm = 0;  ///< gradients are scaled to this total norm when it is exceeded; 0: never
  std::vector<ParameterRule> rules = {};
};
void read_fields(ConfigReader& reader, ParameterRule& rule);
void read_fields(ConfigReader& reader, OptimizerOptions& options);

/// AdamW and SGD with momentum, with torch's arithmetic, over the parameters of a module that get
/// gradients. Its state is plain tensors by name, so that a checkpoint holds it.
class Optimizer {
 public:
  Optimizer(const torch::nn::Module& module, OptimizerOptions options);

  /// Multiplies the gradients by `factor` and scales them to max_norm; returns the norm that they
  /// had between. When that is no number, they stay as they were.
  double clip(double factor = 1);
  /// One step with the gradients at hand. `rate_of` gives the rate of a base rate.
  template <class RateOf>
  void step(const RateOf& rate_of) {
    ++steps_;
    for (auto& parameter : parameters_) update(parameter, rate_of(options_.lr * parameter.lr));
  }
  void clear_gradients();

  const OptimizerOptions& options() const { return options_; }
  std::size_t parameter_count() const { return parameters_.size(); }

  /// Steps done and, for each parameter, its moments: "exp_avg/NAME", "exp_avg_sq/NAME",
  /// "momentum/NAME".
  std::map<std::string, torch::Tensor> state() const;
  /// An Error names what is missing or has another shape.
  void load_state(const std::map<std::string, torch::Tensor>& state);

 private:
  struct Parameter {
    std::string name;
    torch::Tensor value;
    double lr = 1;
    double decay = 1;
    torch::Tensor first = {};   ///< mean of gradients, or SGD's momentum
    torch::Tensor second = {};  ///< mean of squared gradients
  };

  void update(Parameter& parameter, double rate) const;
  /// Every moment by its name in the state.
  std::vector<std::pair<std::string, torch::Tensor>> moments() const;

  OptimizerOptions options_;
  std::vector<Parameter> parameters_;
  std::int64_t steps_ = 0;
};

}  // namespace tessera
