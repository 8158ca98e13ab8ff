#include "tessera/nn/fill.h"

#include <span>
#include <vector>

namespace tessera {
namespace {

torch::Tensor to_tensor(const std::vector<float>& values, torch::IntArrayRef shape) {
  // from_blob wants a pointer to non-const; clone() copies before anyone can write.
  return torch::from_blob(const_cast<float*>(values.data()), shape, torch::kFloat32).clone();
}

}  // namespace

void fill_module(torch::nn::Module& module, const std::string& salt,
                 const std::set<std::string>& skip) {
  const torch::NoGradGuard no_grad;
  const auto fill = [&](const std::string& name, torch::Tensor& tensor) {
    if (!tensor.defined() || !tensor.is_floating_point() || skip.contains(name)) return;
    const torch::IntArrayRef shape = tensor.sizes();
    tensor.copy_(to_tensor(fill_values(name, {shape.data(), shape.size()}, salt), shape));
  };
  for (auto& entry : module.named_parameters()) fill(entry.key(), entry.value());
  for (auto& entry : module.named_buffers()) fill(entry.key(), entry.value());
}

torch::Tensor signal(const std::string& name, torch::IntArrayRef shape, double scale) {
  const auto count = static_cast<std::size_t>(c10::multiply_integers(shape));
  return to_tensor(signal_values(name, count, scale), shape);
}

}  // namespace tessera
