#include "tessera/nn/batch_norm.h"

#include <torch/torch.h>

#include <ostream>

#include "tessera/core/error.h"
#include "tessera/nn/recompute.h"

namespace torch::nn {

template <>
void BatchNormImplBase<2, BatchNorm2dImpl>::pretty_print(std::ostream& stream) const {
  stream << "torch::nn::BatchNorm2d(" << options.num_features() << ")";
}

}  // namespace torch::nn

namespace tessera {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct Sum : torch::CustomClassHolder {
  explicit Sum(SumOverProcesses sum_) : of_all(std::move(sum_)) {}
  SumOverProcesses of_all;
};

torch::Tensor per_channel(const torch::Tensor& x) { return x.view({1, -1, 1, 1}); }

/// (x - mean) / deviation * weight + bias, where mean and deviation depend on the x of every
/// process.
class NormaliseTogether : public torch::autograd::Function<NormaliseTogether> {
 public:
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& x,
                               const torch::Tensor& weight, const torch::Tensor& bias,
                               const torch::Tensor& mean, const torch::Tensor& inverse_deviation,
                               double count, c10::intrusive_ptr<Sum> sum) {
    context->save_for_backward({x, weight, mean, inverse_deviation});
    context->saved_data["count"] = count;
    context->saved_data["sum"] = at::IValue::make_capsule(std::move(sum));
    const auto scale = weight * inverse_deviation;
    return x * per_channel(scale) + per_channel(bias - mean * scale);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const auto &x = saved[0], &weight = saved[1], &mean = saved[2], &inverse_deviation = saved[3];
    const torch::Tensor& gradient = gradients[0];
    const auto normalised = (x - per_channel(mean)) * per_channel(inverse_deviation);
    const auto of_bias = gradient.sum({0, 2, 3});
    const auto of_weight = (gradient * normalised).sum({0, 2, 3});
    const auto capsule = context->saved_data["sum"].toCapsule();
    const auto means = static_cast<const Sum&>(*capsule)
                           .of_all(torch::stack({of_bias, of_weight}))
                           .div_(context->saved_data["count"].toDouble());
    const auto of_x = (gradient - per_channel(means[0]) - normalised * per_channel(means[1])) *
                      per_channel(weight * inverse_deviation);
    return {of_x, of_weight, of_bias, {}, {}, {}, {}};
  }
};

}  // namespace

torch::Tensor BatchNormImpl::forward(const torch::Tensor& x) {
  if (!is_training()) return BatchNorm2dImpl::forward(x);
  if (sum_) return normalise_together(x);
  if (!recomputing()) return BatchNorm2dImpl::forward(x);
  return torch::batch_norm(x, weight, bias, {}, {}, /*training=*/true, *options.momentum(),
                           options.eps(), at::globalContext().userEnabledCuDNN());
}

torch::Tensor BatchNormImpl::normalise_together(const torch::Tensor& x) {
  const auto wide = x.to(weight.scalar_type());
  torch::Tensor mean, variance;
  double count = static_cast<double>(x.numel() / x.size(1));
  {
    const torch::NoGradGuard no_grad;
    const auto [own_variance, own_mean] = torch::var_mean(wide.detach(), {0, 2, 3}, false);
    const auto m = own_mean.to(torch::kFloat64), v = own_variance.to(torch::kFloat64);
    const auto sums =
        sum_(torch::cat({m * count, (v + m * m) * count, torch::full({1}, count, m.options())}));
    const std::int64_t channels = x.size(1);
    count = sums[2 * channels].item<double>();
    mean = sums.slice(0, 0, channels) / count;
    variance = (sums.slice(0, channels, 2 * channels) / count - mean * mean).clamp_min(0);
    if (!recomputing()) {
      const double momentum = *options.momentum();
      const double unbiased = count > 1 ? count / (count - 1) : 1;
      running_mean.mul_(1 - momentum).add_(mean.to(running_mean.dtype()), momentum);
      running_var.mul_(1 - momentum).add_(variance.to(running_var.dtype()), momentum * unbiased);
      num_batches_tracked.add_(1);
    }
  }
  const auto inverse_deviation = (variance + options.eps()).rsqrt().to(wide.dtype());
  return NormaliseTogether::apply(wide, weight, bias, mean.to(wide.dtype()), inverse_deviation,
                                  count, c10::make_intrusive<Sum>(sum_))
      .to(x.dtype());
}

int synchronise_batch_norms(const torch::nn::Module& module, const SumOverProcesses& sum) {
  int count = 0;
  for (const auto& item : module.named_modules()) {
    if (item.value()->as<torch::nn::BatchNorm2d>() == nullptr) continue;
    auto* norm = item.value()->as<BatchNormImpl>();
    if (norm == nullptr) fail("the batch norm '{}' cannot be synchronised", item.key());
    norm->synchronise(sum);
    ++count;
  }
  return count;
}

}  // namespace tessera
