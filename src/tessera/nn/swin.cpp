#include "tessera/nn/swin.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include <cmath>
#include <memory>
#include <numeric>
#include <string>

#include "tessera/core/error.h"
#include "tessera/nn/recompute.h"

namespace tessera {
namespace {

using torch::indexing::Slice;

constexpr std::int64_t kPatchSize = 4;
constexpr double kSeparateRegions = -100;  // added to the attention between them

std::int64_t up_to_multiple(std::int64_t size, std::int64_t of) {
  return (size + of - 1) / of * of;
}

/// Puts a module at a dotted path, below plain modules that only give the path its names.
template <class M>
M register_at(torch::nn::Module& parent, const std::string& path, M module) {
  const auto dot = path.find('.');
  if (dot == std::string::npos) return parent.register_module(path, module);
  const std::string first = path.substr(0, dot);
  const auto children = parent.named_children();
  const auto* known = children.find(first);
  const auto holder = known != nullptr
                          ? *known
                          : parent.register_module(first, std::make_shared<torch::nn::Module>());
  return register_at(*holder, path.substr(dot + 1), module);
}

/// For query i and key j of a window, the row of the bias table: their distance in y and in x.
torch::Tensor relative_position_index(std::int64_t window) {
  const auto token = torch::arange(window * window);
  const auto y = token.div(window, "floor"), x = token.remainder(window);
  const auto dy = y.unsqueeze(1) - y.unsqueeze(0) + window - 1;
  const auto dx = x.unsqueeze(1) - x.unsqueeze(0) + window - 1;
  return dy * (2 * window - 1) + dx;
}

/// [B, H, W, C] -> [B * windows, window * window, C]
torch::Tensor to_windows(const torch::Tensor& x, std::int64_t window) {
  const std::int64_t rows = x.size(1) / window, columns = x.size(2) / window;
  return x.view({x.size(0), rows, window, columns, window, x.size(3)})
      .permute({0, 1, 3, 2, 4, 5})
      .reshape({-1, window * window, x.size(3)});
}

/// The way back, to [B, height, width, C].
torch::Tensor from_windows(const torch::Tensor& windows, std::int64_t window, std::int64_t height,
                           std::int64_t width) {
  const std::int64_t channels = windows.size(2);
  return windows.view({-1, height / window, width / window, window, window, channels})
      .permute({0, 1, 3, 2, 4, 5})
      .reshape({-1, height, width, channels});
}

/// What a rolled map adds to the attention: tokens that the roll made neighbours do not see each
/// other. -> [windows, tokens, tokens]
torch::Tensor shifted_mask(std::int64_t height, std::int64_t width, std::int64_t window,
                           std::int64_t shift, const torch::TensorOptions& like) {
  auto region = torch::zeros({1, height, width, 1}, like);
  const auto add = [&](int axis, std::int64_t size, double step) {
    region.slice(axis, size - window, size - shift).add_(step);
    region.slice(axis, size - shift, size).add_(2 * step);
  };
  add(1, height, 3);
  add(2, width, 1);
  const auto of_token = to_windows(region, window).squeeze(2);
  return of_token.unsqueeze(1).ne(of_token.unsqueeze(2)).to(like) * kSeparateRegions;
}

class WindowAttentionImpl : public torch::nn::Module {
 public:
  WindowAttentionImpl(std::int64_t channels, std::int64_t heads, std::int64_t window, bool qkv_bias)
      : heads_(heads),
        qkv_(torch::nn::LinearOptions(channels, 3 * channels).bias(qkv_bias)),
        proj_(channels, channels) {
    const std::int64_t distances = 2 * window - 1;
    bias_table_ = register_parameter("relative_position_bias_table",
                                     torch::empty({distances * distances, heads}));
    torch::nn::init::normal_(bias_table_, 0, 0.02);
    index_ = register_buffer("relative_position_index", relative_position_index(window));
    register_module("qkv", qkv_);
    register_module("proj", proj_);
  }

  /// x: [B * windows, tokens, C]; mask: [windows, tokens, tokens] or undefined
  torch::Tensor forward(const torch::Tensor& x, const torch::Tensor& mask) {
    const std::int64_t tokens = x.size(1), channels = x.size(2);
    const auto qkv =
        qkv_(x).view({-1, tokens, 3, heads_, channels / heads_}).permute({2, 0, 3, 1, 4}).unbind(0);
    const double scale = 1 / std::sqrt(static_cast<double>(channels / heads_));
    auto scores = torch::matmul(qkv[0] * scale, qkv[1].transpose(2, 3));
    scores = scores + bias_table_.index_select(0, index_.view(-1))
                          .view({tokens, tokens, heads_})
                          .permute({2, 0, 1});
    if (mask.defined())
      scores = (scores.view({-1, mask.size(0), heads_, tokens, tokens}) + mask.unsqueeze(1))
                   .view({-1, heads_, tokens, tokens});
    const auto attended = torch::matmul(scores.softmax(-1), qkv[2]);
    return proj_(attended.transpose(1, 2).reshape({-1, tokens, channels}));
  }

 private:
  std::int64_t heads_;
  torch::nn::Linear qkv_;
  torch::nn::Linear proj_;
  torch::Tensor bias_table_;  // [(2 * window - 1)^2, heads]
  torch::Tensor index_;       // [tokens, tokens]
};
TORCH_MODULE(WindowAttention);

struct BlockOptions {
  std::int64_t channels;
  std::int64_t heads;
  std::int64_t shift;
  double drop_path;
};

class SwinBlockImpl : public torch::nn::Module {
 public:
  SwinBlockImpl(const SwinOptions& swin, const BlockOptions& options)
      : window_(swin.window),
        shift_(options.shift),
        drop_path_(options.drop_path),
        recompute_(swin.recompute),
        norm1_(options.channels),
        norm2_(options.channels),
        attention_(options.channels, options.heads, swin.window, swin.qkv_bias),
        widen_(options.channels, swin.mlp_ratio * options.channels),
        narrow_(swin.mlp_ratio * options.channels, options.channels) {
    const bool original = swin.layout == SwinLayout::kOriginal;
    register_module("norm1", norm1_);
    register_at(*this, original ? "attn" : "attn.w_msa", attention_);
    register_module("norm2", norm2_);
    register_at(*this, original ? "mlp.fc1" : "ffn.layers.0.0", widen_);
    register_at(*this, original ? "mlp.fc2" : "ffn.layers.1", narrow_);
  }

  /// x: [B, H, W, C]
  torch::Tensor forward(const torch::Tensor& x) {
    const auto body = [this](const torch::Tensor& in) {
      const auto attended = in + drop_path(attend(norm1_(in)));
      return attended + drop_path(narrow_(torch::gelu(widen_(norm2_(attended)))));
    };
    return recompute_ && is_training() ? recompute(*this, body, x) : body(x);
  }

 private:
  torch::Tensor attend(const torch::Tensor& x) {
    const std::int64_t height = x.size(1), width = x.size(2);
    const std::int64_t padded_height = up_to_multiple(height, window_);
    const std::int64_t padded_width = up_to_multiple(width, window_);
    auto map =
        torch::constant_pad_nd(x, {0, 0, 0, padded_width - width, 0, padded_height - height});
    torch::Tensor mask;
    if (shift_ > 0) {
      map = map.roll({-shift_, -shift_}, {1, 2});
      mask = shifted_mask(padded_height, padded_width, window_, shift_, x.options());
    }
    map = from_windows(attention_(to_windows(map.contiguous(), window_), mask), window_,
                       padded_height, padded_width);
    if (shift_ > 0) map = map.roll({shift_, shift_}, {1, 2});
    return map.index({Slice(), Slice(0, height), Slice(0, width)});
  }

  /// Stochastic depth: drops the branch of whole images and scales the others up.
  torch::Tensor drop_path(const torch::Tensor& branch) const {
    if (!is_training() || drop_path_ == 0) return branch;
    const double keep = 1 - drop_path_;
    const auto kept = (torch::rand({branch.size(0), 1, 1, 1}, branch.options()) + keep).floor();
    return branch / keep * kept;
  }

  std::int64_t window_;
  std::int64_t shift_;
  double drop_path_;
  bool recompute_;
  ChannelNorm norm1_;
  ChannelNorm norm2_;
  WindowAttention attention_;
  torch::nn::Linear widen_;
  torch::nn::Linear narrow_;
};
TORCH_MODULE(SwinBlock);

/// Four neighbours become one token of twice the channels.
class PatchMergingImpl : public torch::nn::Module {
 public:
  PatchMergingImpl(std::int64_t channels, SwinLayout layout)
      : layout_(layout),
        norm_(4 * channels),
        reduction_(torch::nn::LinearOptions(4 * channels, 2 * channels).bias(false)) {
    register_module("norm", norm_);
    register_module("reduction", reduction_);
  }

  /// [B, H, W, C] -> [B, ceil(H / 2), ceil(W / 2), 2C]
  torch::Tensor forward(const torch::Tensor& x) {
    const std::int64_t batch = x.size(0), channels = x.size(3);
    const std::int64_t odd_rows = x.size(1) % 2, odd_columns = x.size(2) % 2;
    const auto even = torch::constant_pad_nd(x, {0, 0, 0, odd_columns, 0, odd_rows});
    const std::int64_t height = even.size(1) / 2, width = even.size(2) / 2;
    const auto pixels = even.reshape({batch, height, 2, width, 2, channels});
    // Axes 2 and 4 are the neighbour's row and column.
    const auto ordered = layout_ == SwinLayout::kOpenMmlab ? pixels.permute({0, 1, 3, 5, 2, 4})
                                                           : pixels.permute({0, 1, 3, 4, 2, 5});
    return reduction_(norm_(ordered.reshape({batch, height, width, 4 * channels})));
  }

 private:
  SwinLayout layout_;
  ChannelNorm norm_;
  torch::nn::Linear reduction_;
};
TORCH_MODULE(PatchMerging);

class SwinStageImpl : public torch::nn::Module {
 public:
  void add(const SwinBlock& block) { blocks_->push_back(block); }

  /// To call after the last block was added: parameters are listed in this order.
  void finish(const PatchMerging& merging) {
    register_module("blocks", blocks_);
    if (!merging.is_empty()) merging_ = register_module("downsample", merging);
  }

  /// x: [B, H, W, C]
  torch::Tensor forward(torch::Tensor x) {
    for (const auto& block : *blocks_) x = block->as<SwinBlock>()->forward(x);
    return x;
  }

  /// What the next stage starts from.
  torch::Tensor merge(const torch::Tensor& x) { return merging_(x); }

 private:
  torch::nn::ModuleList blocks_;
  PatchMerging merging_{nullptr};
};
TORCH_MODULE(SwinStage);

void check(const SwinOptions& o) {
  if (o.depths.empty() || o.depths.size() != o.heads.size())
    fail("a Swin backbone needs one number of heads for each stage: {} depths, {} heads",
         o.depths.size(), o.heads.size());
  for (std::size_t s = 0; s < o.heads.size(); ++s)
    if (o.heads[s] < 1 || (o.channels << s) % o.heads[s] != 0)
      fail("the {} channels of Swin's stage {} cannot be shared by {} heads", o.channels << s, s,
           o.heads[s]);
}

void initialise(torch::nn::Module& module) {
  const torch::NoGradGuard no_grad;
  for (const auto& part : module.modules(/*include_self=*/false)) {
    if (auto* linear = part->as<torch::nn::Linear>()) {
      torch::nn::init::normal_(linear->weight, 0, 0.02);
      if (linear->bias.defined()) torch::nn::init::zeros_(linear->bias);
    }
  }
}

}  // namespace

SwinImpl::SwinImpl(const SwinOptions& options) : frozen_stages_(options.frozen_stages) {
  check(options);
  const bool original = options.layout == SwinLayout::kOriginal;
  projection_ = register_at(
      *this, original ? "patch_embed.proj" : "patch_embed.projection",
      torch::nn::Conv2d(
          torch::nn::Conv2dOptions(3, options.channels, kPatchSize).stride(kPatchSize)));
  embedding_norm_ = register_at(*this, "patch_embed.norm", ChannelNorm(options.channels));
  const auto blocks = std::accumulate(options.depths.begin(), options.depths.end(), std::int64_t{});
  std::int64_t block = 0;
  for (std::size_t s = 0; s < options.depths.size(); ++s) {
    const std::int64_t channels = options.channels << s;
    SwinStage stage;
    for (std::int64_t i = 0; i < options.depths[s]; ++i, ++block)
      stage->add(SwinBlock(
          options,
          BlockOptions{.channels = channels,
                       .heads = options.heads[s],
                       .shift = i % 2 == 0 ? 0 : options.window / 2,
                       .drop_path = blocks > 1 ? options.drop_path * block / (blocks - 1) : 0}));
    const bool last = s + 1 == options.depths.size();
    stage->finish(last ? PatchMerging(nullptr) : PatchMerging(channels, options.layout));
    stages_->push_back(stage);
    out_channels_.push_back(channels);
  }
  register_module(original ? "layers" : "stages", stages_);
  for (std::size_t s = 0; s < out_channels_.size(); ++s)
    norms_.push_back(register_module(fmt::format("norm{}", s), ChannelNorm(out_channels_[s])));
  initialise(*this);
  for (torch::nn::Module* part : frozen_parts())
    for (auto& parameter : part->parameters()) parameter.set_requires_grad(false);
}

std::vector<torch::nn::Module*> SwinImpl::frozen_parts() {
  if (frozen_stages_ < 0) return {};
  std::vector<torch::nn::Module*> parts = {projection_.get(), embedding_norm_.get()};
  for (std::size_t s = 0; s < norms_.size() && static_cast<int>(s) < frozen_stages_; ++s) {
    parts.push_back(stages_[s].get());
    parts.push_back(norms_[s].get());
  }
  return parts;
}

void SwinImpl::train(bool on) {
  torch::nn::Module::train(on);
  // A frozen stage drops no branches either.
  for (torch::nn::Module* part : frozen_parts()) part->eval();
}

torch::Tensor SwinImpl::embed(const torch::Tensor& image) {
  const std::int64_t height = image.size(2), width = image.size(3);
  const auto padded =
      torch::constant_pad_nd(image, {0, up_to_multiple(width, kPatchSize) - width, 0,
                                     up_to_multiple(height, kPatchSize) - height});
  return embedding_norm_(projection_(padded).permute({0, 2, 3, 1}));  // [B, H / 4, W / 4, C]
}

std::vector<torch::Tensor> SwinImpl::forward(const torch::Tensor& image) {
  std::vector<torch::Tensor> levels;
  torch::Tensor x = embed(image);
  for (std::size_t s = 0; s < norms_.size(); ++s) {
    auto* stage = stages_[s]->as<SwinStage>();
    x = stage->forward(x);
    levels.push_back(norms_[s](x).permute({0, 3, 1, 2}).contiguous());
    if (s + 1 < norms_.size()) x = stage->merge(x);
  }
  return levels;
}

}  // namespace tessera
