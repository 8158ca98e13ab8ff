#include "tessera/nn/tensor_io.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <set>
#include <unordered_map>

#include "tessera/core/error.h"

namespace tessera {
namespace {

struct TypePair {
  DType ours;
  torch::ScalarType theirs;
};

constexpr TypePair kTypes[] = {{DType::kBool, torch::kBool},
                               {DType::kUInt8, torch::kUInt8},
                               {DType::kInt8, torch::kInt8},
                               {DType::kInt16, torch::kInt16},
                               {DType::kInt32, torch::kInt32},
                               {DType::kInt64, torch::kInt64},
                               {DType::kFloat16, torch::kFloat16},
                               {DType::kBFloat16, torch::kBFloat16},
                               {DType::kFloat32, torch::kFloat32},
                               {DType::kFloat64, torch::kFloat64},
                               {DType::kComplex64, torch::kComplexFloat},
                               {DType::kComplex128, torch::kComplexDouble}};

torch::ScalarType to_torch_type(DType type) {
  for (const auto& pair : kTypes)
    if (pair.ours == type) return pair.theirs;
  fail("tensors of type {} cannot be computed with; convert the file to float32 first",
       dtype_name(type));
}

DType from_torch_type(torch::ScalarType type) {
  for (const auto& pair : kTypes)
    if (pair.theirs == type) return pair.ours;
  fail("tensors of torch's type {} cannot be written", torch::toString(type));
}

void collect_state(const torch::nn::Module& module, const std::string& prefix,
                   std::vector<std::pair<std::string, torch::Tensor>>& state) {
  for (const auto& item : module.named_parameters(/*recurse=*/false))
    if (item.value().defined()) state.emplace_back(prefix + item.key(), item.value());
  for (const auto& item : module.named_buffers(/*recurse=*/false))
    if (item.value().defined()) state.emplace_back(prefix + item.key(), item.value());
  for (const auto& child : module.named_children())
    collect_state(*child.value(), fmt::format("{}{}.", prefix, child.key()), state);
}

std::string list_some(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 5;
  if (names.size() <= kShown) return fmt::format("{}", fmt::join(names, ", "));
  return fmt::format("{} and {} more", fmt::join(names.begin(), names.begin() + kShown, ", "),
                     names.size() - kShown);
}

bool is_batch_counter(const std::string& name) { return name.ends_with("num_batches_tracked"); }

}  // namespace

torch::Tensor to_torch(const TensorView& view) {
  torch::Tensor tensor = torch::empty(view.shape, to_torch_type(view.dtype));
  auto* target = static_cast<std::uint8_t*>(tensor.data_ptr());
  view.for_each_piece([&](std::span<const std::uint8_t> piece) {
    std::memcpy(target, piece.data(), piece.size());
    target += piece.size();
  });
  return tensor;
}

TensorView from_torch(const torch::Tensor& tensor) {
  const auto held = std::make_shared<torch::Tensor>(tensor.detach().to(torch::kCPU).contiguous());
  auto storage = std::make_shared<TensorStorage>();
  storage->bytes = {static_cast<const std::uint8_t*>(held->data_ptr()), held->nbytes()};
  storage->owner = held;
  return TensorView::contiguous(from_torch_type(held->scalar_type()), held->sizes().vec(), storage);
}

std::vector<std::pair<std::string, torch::Tensor>> named_state(const torch::nn::Module& module) {
  std::vector<std::pair<std::string, torch::Tensor>> state;
  collect_state(module, "", state);
  return state;
}

NamedTensors state_views(const torch::nn::Module& module) {
  NamedTensors views;
  for (const auto& [name, tensor] : named_state(module))
    views.emplace_back(name, from_torch(tensor));
  return views;
}

std::string LoadReport::describe() const {
  std::string text;
  const auto add = [&text](const char* what, const std::vector<std::string>& names) {
    if (names.empty()) return;
    fmt::format_to(std::back_inserter(text), "{}{} {}: {}", text.empty() ? "" : "; ", names.size(),
                   what, list_some(names));
  };
  add("tensors of the model are not in the file", missing);
  add("tensors of the file are not in the model", unused);
  std::vector<std::string> shapes;
  for (const auto& m : mismatched)
    shapes.emplace_back(fmt::format("{} is {} in the file, {} in the model", m.name,
                                    shape_text(m.in_file), shape_text(m.in_model)));
  add("tensors have another shape", shapes);
  return text;
}

LoadReport load_what_fits(torch::nn::Module& module, const NamedTensors& tensors) {
  torch::NoGradGuard no_grad;
  LoadReport report;
  std::unordered_map<std::string, const TensorView*> in_file;
  for (const auto& [name, view] : tensors) in_file[name] = &view;
  for (auto& [name, tensor] : named_state(module)) {
    const auto found = in_file.find(name);
    if (found == in_file.end()) {
      if (!is_batch_counter(name)) report.missing.push_back(name);
      continue;
    }
    const TensorView& view = *found->second;
    if (view.shape != tensor.sizes().vec()) {
      report.mismatched.push_back({name, view.shape, tensor.sizes().vec()});
    } else {
      tensor.copy_(to_torch(view));
      ++report.loaded;
    }
    in_file.erase(found);
  }
  for (const auto& [name, view] : tensors)
    if (in_file.contains(name)) report.unused.push_back(name);
  return report;
}

void load_checkpoint(torch::nn::Module& module, const std::filesystem::path& path) {
  Checkpoint checkpoint = open_checkpoint(path);
  strip_module_prefix(checkpoint.tensors);
  const LoadReport report = load_what_fits(module, checkpoint.tensors);
  if (!report.complete())
    fail(
        "{} does not fit this model: {}. Is it a checkpoint of another configuration? "
        "To fine-tune from what fits, train with --load-from",
        path.string(), report.describe());
}

}  // namespace tessera
