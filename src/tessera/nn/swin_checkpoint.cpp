#include "tessera/nn/swin_checkpoint.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "tessera/core/error.h"
#include "tessera/nn/tensor_io.h"

namespace tessera {
namespace {

constexpr std::pair<std::string_view, std::string_view> kRenamed[] = {
    {"patch_embed.proj.", "patch_embed.projection."},
    {"layers.", "stages."},
    {".attn.", ".attn.w_msa."},
    {".mlp.fc1.", ".ffn.layers.0.0."},
    {".mlp.fc2.", ".ffn.layers.1."}};

bool has_no_home(const std::string& name) {
  return name.starts_with("head.") || name.starts_with("norm.") || name.ends_with(".attn_mask");
}

std::string rename(std::string name) {
  for (const auto& [from, to] : kRenamed)
    if (const auto at = name.find(from); at != std::string::npos) name.replace(at, from.size(), to);
  return name;
}

/// The last axis holds four pixels of C channels, going down first; torch's unfold, which the other
/// layout uses, has channels first and goes right first.
TensorView reorder_merging(const std::string& name, const TensorView& view) {
  if (view.shape.empty() || view.shape.back() % 4 != 0)
    fail("{} is {}; a patch merging's last axis must be a multiple of 4", name,
         shape_text(view.shape));
  const std::int64_t channels = view.shape.back() / 4;
  const auto pixels = to_torch(view).view({-1, 2, 2, channels});  // [.., right, down, C]
  return from_torch(pixels.permute({0, 3, 2, 1}).reshape(view.shape));
}

}  // namespace

bool is_original_swin(const NamedTensors& tensors) {
  return std::any_of(tensors.begin(), tensors.end(), [](const auto& entry) {
    return entry.first == "layers.0.blocks.0.attn.qkv.weight";
  });
}

NamedTensors from_original_swin(const NamedTensors& tensors, const std::string& prefix) {
  NamedTensors converted;
  for (const auto& [name, view] : tensors) {
    if (has_no_home(name)) continue;
    const bool merging = name.find(".downsample.") != std::string::npos;
    converted.emplace_back(prefix + rename(name), merging ? reorder_merging(name, view) : view);
  }
  return converted;
}

namespace {

/// [side^2, heads] to as many rows as `rows` says.
torch::Tensor resize_table(const torch::Tensor& table, std::int64_t rows) {
  const auto side = [](std::int64_t count) {
    return static_cast<std::int64_t>(std::lround(std::sqrt(static_cast<double>(count))));
  };
  const std::int64_t from = side(table.size(0)), to = side(rows), heads = table.size(1);
  const auto square = table.t().reshape({1, heads, from, from});
  return torch::upsample_bicubic2d(square, {to, to}, false).view({heads, rows}).t().contiguous();
}

}  // namespace

std::int64_t fit_position_tables(NamedTensors& tensors, const torch::nn::Module& module) {
  std::map<std::string, std::vector<std::int64_t>> wanted;
  for (const auto& [name, tensor] : named_state(module)) wanted[name] = tensor.sizes().vec();
  std::int64_t resized = 0;
  std::erase_if(tensors, [&](auto& entry) {
    auto& [name, view] = entry;
    const auto found = wanted.find(name);
    if (found == wanted.end() || found->second == view.shape) return false;
    if (name.ends_with(".relative_position_index")) return true;
    if (name.ends_with(".relative_position_bias_table") && view.shape.size() == 2 &&
        view.shape[1] == found->second[1]) {
      view = from_torch(resize_table(to_torch(view).to(torch::kFloat32), found->second[0]));
      ++resized;
    }
    return false;
  });
  return resized;
}

}  // namespace tessera
