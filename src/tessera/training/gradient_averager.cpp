#include "tessera/training/gradient_averager.h"

#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/variable.h>
#include <torch/torch.h>

#include <functional>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <utility>

namespace tessera {
namespace {

/// Runs once a parameter's gradient has been added up.
class ReadyHook : public torch::autograd::FunctionPostHook {
 public:
  explicit ReadyHook(std::function<void()> ready) : ready_(std::move(ready)) {}
  torch::autograd::variable_list operator()(const torch::autograd::variable_list& outputs,
                                            const torch::autograd::variable_list&) override {
    ready_();
    return outputs;
  }

 private:
  std::function<void()> ready_;
};

}  // namespace

/// The nodes that add gradients up, which carry the hooks and live as long as these pointers.
struct GradientAverager::Hooks {
  std::vector<std::pair<std::shared_ptr<torch::autograd::Node>, std::uintptr_t>> nodes;
};

GradientAverager::GradientAverager(const torch::nn::Module& module, Collective& processes,
                                   std::size_t bucket_bytes)
    : processes_(processes), hooks_(std::make_unique<Hooks>()) {
  auto parameters = module.parameters();
  std::size_t bytes = bucket_bytes;
  for (auto parameter = parameters.rbegin(); parameter != parameters.rend(); ++parameter) {
    if (!parameter->requires_grad()) continue;
    if (bytes >= bucket_bytes) {
      buckets_.emplace_back();
      bytes = 0;
    }
    buckets_.back().parameters.push_back(*parameter);
    bytes += parameter->nbytes();
    const auto node = torch::autograd::impl::grad_accumulator(*parameter);
    const std::size_t bucket = buckets_.size() - 1;
    const auto key =
        node->add_post_hook(std::make_unique<ReadyHook>([this, bucket] { mark_ready(bucket); }));
    hooks_->nodes.emplace_back(node, key);
  }
}

GradientAverager::~GradientAverager() {
  for (auto& [node, key] : hooks_->nodes) node->del_post_hook(key);
}

void GradientAverager::begin() {
  for (Bucket& bucket : buckets_) bucket.waiting = bucket.parameters.size();
  next_ = 0;
  active_ = true;
}

void GradientAverager::mark_ready(std::size_t bucket) {
  if (!active_) return;
  --buckets_[bucket].waiting;
  while (next_ < buckets_.size() && buckets_[next_].waiting == 0) send(buckets_[next_++]);
}

void GradientAverager::send(Bucket& bucket) {
  const torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> pieces;
  for (const auto& parameter : bucket.parameters)
    pieces.push_back(
        (parameter.grad().defined() ? parameter.grad() : torch::zeros_like(parameter)).flatten());
  bucket.flat = torch::cat(pieces);
  std::vector<torch::Tensor> tensors = {bucket.flat};
  bucket.work = processes_.allreduce(tensors);
}

void GradientAverager::finish() {
  const torch::NoGradGuard no_grad;
  active_ = false;
  while (next_ < buckets_.size()) send(buckets_[next_++]);
  for (Bucket& bucket : buckets_) {
    bucket.work->wait();
    bucket.flat.div_(processes_.getSize());
    std::int64_t first = 0;
    for (auto& parameter : bucket.parameters) {
      parameter.mutable_grad() =
          bucket.flat.slice(0, first, first + parameter.numel()).view_as(parameter);
      first += parameter.numel();
    }
  }
}

}  // namespace tessera
