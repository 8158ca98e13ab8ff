#pragma once

#include <torch/nn/modules/batchnorm.h>

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <utility>

namespace torch::nn {

/// libtorch keeps its own to itself, so that nothing could derive from its batch norms.
template <>
void BatchNormImplBase<2, BatchNorm2dImpl>::pretty_print(std::ostream& stream) const;

}  // namespace torch::nn

namespace tessera {

/// The sum of a tensor over the processes that train together.
using SumOverProcesses = std::function<torch::Tensor(torch::Tensor)>;

/// Batch normalisation of [B, C, H, W] that may take its statistics over the batches of all
/// processes, and leaves its running statistics alone while activations are computed again.
class BatchNormImpl : public torch::nn::BatchNorm2dImpl {
 public:
  explicit BatchNormImpl(std::int64_t channels) : BatchNorm2dImpl(channels) {}

  torch::Tensor forward(const torch::Tensor& x);
  void synchronise(SumOverProcesses sum) { sum_ = std::move(sum); }

 private:
  torch::Tensor normalise_together(const torch::Tensor& x);

  SumOverProcesses sum_;
};
TORCH_MODULE(BatchNorm);

/// From here on the batch norms of a module normalise by the batches of all processes. Returns how
/// many there are.
int synchronise_batch_norms(const torch::nn::Module& module, const SumOverProcesses& sum);

}  // namespace tessera
