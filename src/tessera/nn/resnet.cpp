#include "tessera/nn/resnet.h"

#include <torch/torch.h>

#include <map>
#include <memory>
#include <string>

#include "tessera/core/error.h"
#include "tessera/nn/deform_conv.h"
#include "tessera/nn/recompute.h"

namespace tessera {
namespace {

torch::nn::Conv2dOptions plain_conv(std::int64_t in_channels, std::int64_t out_channels,
                                    std::int64_t kernel, std::int64_t stride = 1,
                                    std::int64_t dilation = 1) {
  return torch::nn::Conv2dOptions(in_channels, out_channels, kernel)
      .stride(stride)
      .padding(kernel / 2 * dilation)
      .dilation(dilation)
      .bias(false);
}

struct BlockOptions {
  std::int64_t in_channels = 0;
  std::int64_t planes = 0;
  std::int64_t out_channels = 0;
  std::int64_t stride = 1;
  std::int64_t dilation = 1;
  bool deformable = false;
  bool recompute = false;
};

/// The branch beside a block's convolutions: a 1x1 convolution where the shape changes, else
/// nothing.
class ShortcutImpl : public torch::nn::Module, public InferenceForm {
 public:
  explicit ShortcutImpl(const BlockOptions& options)
      : conv_(*this, "0", "1",
              plain_conv(options.in_channels, options.out_channels, 1, options.stride)) {}
  torch::Tensor forward(const torch::Tensor& x) { return conv_(x, Activation::kNone); }
  void fold_norms() override { conv_.fold_norm(); }
  void pack_weights() override { conv_.pack_weight(); }

 private:
  ConvNorm conv_;
};
TORCH_MODULE(Shortcut);

class BlockImpl : public torch::nn::Module, public InferenceForm {
 public:
  explicit BlockImpl(const BlockOptions& options) : recompute_(options.recompute) {
    if (options.stride != 1 || options.in_channels != options.out_channels)
      downsample_ = Shortcut(options);
  }

  torch::Tensor forward(const torch::Tensor& x) {
    const auto body = [this](const torch::Tensor& in) {
      return residual(in).add_(downsample_.is_empty() ? in : downsample_->forward(in)).relu_();
    };
    return recompute_ && is_training() ? recompute(*this, body, x) : body(x);
  }

 protected:
  virtual torch::Tensor residual(const torch::Tensor& x) = 0;
  /// Last, so that the order of the parameters is the references'.
  void register_downsample() {
    if (!downsample_.is_empty()) register_module("downsample", downsample_);
  }

 private:
  bool recompute_;
  Shortcut downsample_{nullptr};
};

class BasicBlockImpl : public BlockImpl {
 public:
  explicit BasicBlockImpl(const BlockOptions& options)
      : BlockImpl(options),
        conv1_(
            *this, "conv1", "bn1",
            plain_conv(options.in_channels, options.planes, 3, options.stride, options.dilation)),
        conv2_(*this, "conv2", "bn2", plain_conv(options.planes, options.planes, 3)) {
    register_downsample();
  }

  void fold_norms() override {
    for (ConvNorm* conv : {&conv1_, &conv2_}) conv->fold_norm();
  }
  void pack_weights() override {
    for (ConvNorm* conv : {&conv1_, &conv2_}) conv->pack_weight();
  }

 private:
  torch::Tensor residual(const torch::Tensor& x) override {
    return conv2_(conv1_(x, Activation::kRelu), Activation::kNone);
  }

  ConvNorm conv1_;
  ConvNorm conv2_;
};

class BottleneckImpl : public BlockImpl {
 public:
  explicit BottleneckImpl(const BlockOptions& options)
      : BlockImpl(options),
        conv1_(*this, "conv1", "bn1", plain_conv(options.in_channels, options.planes, 1)) {
    if (options.deformable) {
      deform2_ =
          register_module("conv2", DeformConv(options.planes, options.planes,
                                              DeformConvOptions{.kernel = 3,
                                                                .stride = options.stride,
                                                                .padding = options.dilation,
                                                                .dilation = options.dilation}));
      deform2_norm_ = register_module("bn2", BatchNorm(options.planes));
    } else {
      conv2_ =
          ConvNorm(*this, "conv2", "bn2",
                   plain_conv(options.planes, options.planes, 3, options.stride, options.dilation));
    }
    conv3_ = ConvNorm(*this, "conv3", "bn3", plain_conv(options.planes, options.out_channels, 1));
    register_downsample();
  }

  void fold_norms() override {
    for (ConvNorm* conv : convs()) conv->fold_norm();
  }
  void pack_weights() override {
    for (ConvNorm* conv : convs()) conv->pack_weight();
  }

 private:
  torch::Tensor residual(const torch::Tensor& x) override {
    const auto y = conv1_(x, Activation::kRelu);
    if (!conv2_.empty()) return conv3_(conv2_(y, Activation::kRelu), Activation::kNone);
    const auto z = deform2_norm_(deform2_(dense(y))).relu_();
    return conv3_(y.is_mkldnn() ? z.to_mkldnn() : z, Activation::kNone);
  }
  std::vector<ConvNorm*> convs() {
    if (conv2_.empty()) return {&conv1_, &conv3_};
    return {&conv1_, &conv2_, &conv3_};
  }

  ConvNorm conv1_;
  ConvNorm conv2_;
  DeformConv deform2_{nullptr};
  BatchNorm deform2_norm_{nullptr};
  ConvNorm conv3_;
};

struct Layout {
  std::array<int, 4> blocks;
  bool bottleneck;
};

Layout layout_of(int depth) {
  static const std::map<int, Layout> kLayouts = {{18, {{2, 2, 2, 2}, false}},
                                                 {34, {{3, 4, 6, 3}, false}},
                                                 {50, {{3, 4, 6, 3}, true}},
                                                 {101, {{3, 4, 23, 3}, true}}};
  const auto found = kLayouts.find(depth);
  if (found == kLayouts.end()) fail("ResNet depth {} is none of 18, 34, 50, 101", depth);
  return found->second;
}

torch::nn::Sequential make_stage(const ResNetOptions& options, int stage, const Layout& layout,
                                 std::int64_t in_channels) {
  const std::int64_t planes = options.base_channels << stage;
  BlockOptions block = {.in_channels = in_channels,
                        .planes = planes,
                        .out_channels = layout.bottleneck ? planes * 4 : planes,
                        .stride = options.strides[stage],
                        .dilation = options.dilations[stage],
                        .deformable = options.deformable[stage],
                        .recompute = options.recompute};
  if (options.contract_dilation && block.dilation > 1) block.dilation /= 2;
  torch::nn::Sequential blocks;
  for (int i = 0; i < layout.blocks[stage]; ++i) {
    if (layout.bottleneck)
      blocks->push_back(std::make_shared<BottleneckImpl>(block));
    else
      blocks->push_back(std::make_shared<BasicBlockImpl>(block));
    block.in_channels = block.out_channels;
    block.stride = 1;
    block.dilation = options.dilations[stage];
  }
  return blocks;
}

void stop_gradient(torch::nn::Module& module) {
  for (auto& parameter : module.parameters()) parameter.set_requires_grad(false);
}

}  // namespace

ResNetImpl::ResNetImpl(const ResNetOptions& options) : options_(options) {
  const Layout layout = layout_of(options.depth);
  const std::int64_t base = options.base_channels;
  const std::int64_t stem = options.stem_channels > 0 ? options.stem_channels : base;
  const std::int64_t half = stem / 2;
  if (options.deep_stem) {
    using namespace torch::nn;
    stem_ = register_module("stem",
                            Sequential(Conv2d(plain_conv(3, half, 3, 2)), BatchNorm(half), ReLU(),
                                       Conv2d(plain_conv(half, half, 3)), BatchNorm(half), ReLU(),
                                       Conv2d(plain_conv(half, stem, 3)), BatchNorm(stem), ReLU()));
  } else {
    conv1_ = ConvNorm(*this, "conv1", "bn1", plain_conv(3, stem, 7, 2));
  }
  std::int64_t channels = stem;
  for (int stage = 0; stage < 4; ++stage) {
    layers_.push_back(register_module("layer" + std::to_string(stage + 1),
                                      make_stage(options, stage, layout, channels)));
    channels = (base << stage) * (layout.bottleneck ? 4 : 1);
    out_channels_.push_back(channels);
  }
  freeze();
}

torch::Tensor ResNetImpl::forward_stem(const torch::Tensor& image) {
  const auto x = stem_.is_empty() ? conv1_(packed_ ? image.to_mkldnn() : image, Activation::kRelu)
                                  : stem_->forward(image);
  return torch::max_pool2d(x, 3, 2, 1);
}

std::vector<torch::Tensor> ResNetImpl::forward(const torch::Tensor& image) {
  auto x = forward_stem(image);
  // Between its convolutions a packed network stays in oneDNN's order.
  if (packed_ && !x.is_mkldnn()) x = x.to_mkldnn();
  std::vector<torch::Tensor> stages;
  for (auto& layer : layers_) {
    x = layer->forward(x);
    stages.push_back(dense(x));
  }
  return stages;
}

void ResNetImpl::fold_norms() {
  if (!conv1_.empty()) conv1_.fold_norm();
}

void ResNetImpl::pack_weights() {
  packed_ = true;
  if (!conv1_.empty()) conv1_.pack_weight();
}

void ResNetImpl::freeze() {
  if (options_.frozen_stages < 0) return;
  for (const auto& child : named_children()) {
    const bool stem = child.key().rfind("layer", 0) != 0;
    if (stem || std::stoi(child.key().substr(5)) <= options_.frozen_stages)
      stop_gradient(*child.value());
  }
}

void ResNetImpl::train(bool on) {
  torch::nn::Module::train(on);
  if (!on) return;
  if (options_.norm_eval) {
    apply([](torch::nn::Module& module) {
      if (module.as<torch::nn::BatchNorm2d>() != nullptr) module.eval();
    });
  }
  // A frozen stage keeps its statistics as well.
  for (const auto& child : named_children()) {
    const bool stem = child.key().rfind("layer", 0) != 0;
    const int stage = stem ? 0 : std::stoi(child.key().substr(5));
    if (stage <= options_.frozen_stages) child.value()->eval();
  }
}

}  // namespace tessera
