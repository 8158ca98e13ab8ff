#include "tessera/nn/count_work.h"

#include <ATen/record_function.h>
#include <torch/torch.h>

#include <functional>
#include <memory>
#include <numeric>
#include <string_view>
#include <unordered_map>

namespace tessera {
namespace {

using Inputs = c10::ArrayRef<const c10::IValue>;

std::int64_t product(torch::IntArrayRef sizes) {
  return std::accumulate(sizes.begin(), sizes.end(), std::int64_t{1}, std::multiplies<>());
}

/// convolution(input, weight, bias, stride, padding, dilation, transposed, ...)
std::int64_t work_of_convolution(Inputs inputs) {
  const auto input = inputs[0].toTensor().sizes();
  const auto weight = inputs[1].toTensor().sizes();
  if (inputs[6].toBool()) return product(input) * product(weight.slice(1));
  const auto stride = inputs[3].toIntVector(), padding = inputs[4].toIntVector(),
             dilation = inputs[5].toIntVector();
  std::int64_t outputs = input[0] * weight[0];
  for (std::size_t axis = 0; axis + 2 < input.size(); ++axis) {
    const std::int64_t reach = dilation[axis] * (weight[axis + 2] - 1) + 1;
    outputs *= (input[axis + 2] + 2 * padding[axis] - reach) / stride[axis] + 1;
  }
  return outputs * product(weight.slice(1));
}

/// The last dimension of the first factor is summed over.
std::int64_t work_of_product(const c10::IValue& first, const c10::IValue& second) {
  return first.toTensor().numel() * second.toTensor().size(-1);
}

std::int64_t work_of(std::string_view operation, Inputs inputs) {
  if (operation == "aten::convolution") return work_of_convolution(inputs);
  if (operation == "aten::mm" || operation == "aten::bmm")
    return work_of_product(inputs[0], inputs[1]);
  if (operation == "aten::addmm" || operation == "aten::baddbmm")
    return work_of_product(inputs[1], inputs[2]);
  return 0;
}

struct Counter {
  std::vector<PartWork> parts;
  std::unordered_map<const void*, std::size_t> part_of_storage;
  std::size_t current = 0;

  void add(std::string_view operation, Inputs inputs) {
    const std::int64_t work = work_of(operation, inputs);
    if (work == 0) return;
    for (const c10::IValue& input : inputs) {
      if (!input.isTensor() || !input.toTensor().defined()) continue;
      const auto found = part_of_storage.find(input.toTensor().storage().data());
      if (found != part_of_storage.end()) current = found->second;
    }
    parts[current].multiply_adds += work;
  }
};

/// torch takes plain functions only.
thread_local Counter* counting = nullptr;

std::unique_ptr<at::ObserverContext> observe(const at::RecordFunction& function) {
  counting->add(function.name(), function.inputs());
  return nullptr;
}

class Observation {
 public:
  explicit Observation(Counter& counter) {
    counting = &counter;
    handle_ = at::addThreadLocalCallback(
        at::RecordFunctionCallback(observe).needsInputs(true).scopes({at::RecordScope::FUNCTION}));
  }
  ~Observation() {
    at::removeCallback(handle_);
    counting = nullptr;
  }
  Observation(const Observation&) = delete;
  Observation& operator=(const Observation&) = delete;

 private:
  at::CallbackHandle handle_;
};

}  // namespace

std::vector<PartWork> count_work(const torch::nn::Module& net,
                                 const std::function<void()>& forward) {
  Counter counter;
  for (const auto& child : net.named_children()) {
    PartWork part = {child.key()};
    for (const auto& parameter : child.value()->parameters()) {
      part.parameters += parameter.numel();
      counter.part_of_storage[parameter.storage().data()] = counter.parts.size();
    }
    counter.parts.push_back(std::move(part));
  }
  if (counter.parts.empty()) return {};
  const Observation observation(counter);
  forward();
  return counter.parts;
}

}  // namespace tessera
