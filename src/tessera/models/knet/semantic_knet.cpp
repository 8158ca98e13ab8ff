#include "tessera/models/knet/semantic_knet.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include "tessera/nn/initialise.h"
#include "tessera/nn/resize.h"

namespace tessera {
namespace {

constexpr std::int64_t kUnlabelled = 255;

/// Adds the loss and the accuracy of one output, at the labels' size.
void add_terms(LossTerms& terms, const std::string& prefix, const std::string& suffix,
               const torch::Tensor& logits, const torch::Tensor& labels, double weight) {
  const auto scores = resize_bilinear(logits, labels.sizes().slice(1));
  terms.emplace_back(fmt::format("{}.loss_ce{}", prefix, suffix),
                     weight * pixel_cross_entropy(scores, labels, kUnlabelled));
  const auto right = (scores.detach().argmax(1) == labels).sum().to(scores.dtype());
  terms.emplace_back(fmt::format("{}.acc_seg{}", prefix, suffix),
                     right * (100.0 / static_cast<double>(labels.numel())));
}

}  // namespace

SemanticKNetImpl::SemanticKNetImpl(const SemanticKNetOptions& options) : options_(options) {
  options_.head.classes = options_.auxiliary.classes = options.classes;
  options_.update.channels = options.head.channels;
  backbone_ = register_module("backbone", make_backbone(options.backbone));
  if (options.backbone.type == BackboneOptions::Type::kResNet) {
    initialise_convolutions(*backbone_);
    start_blocks_as_identities(*backbone_);
  }
  const auto channels = backbone_->out_channels();
  if (options.stages > 0)
    iterative_head_ = register_module(
        "decode_head",
        IterativeDecodeHead(options_.head, options_.update, options.stages, channels));
  else
    plain_head_ = register_module("decode_head", make_decode_head(options_.head, channels));
  if (options.auxiliary_weight > 0)
    auxiliary_head_ =
        register_module("auxiliary_head", make_decode_head(options_.auxiliary, channels));
}

std::vector<torch::Tensor> SemanticKNetImpl::decode(const std::vector<torch::Tensor>& maps,
                                                    std::optional<IterativeDecodeOutput>* trace) {
  if (iterative_head_.is_empty()) return {plain_head_->forward(maps)};
  IterativeDecodeOutput output = iterative_head_(maps);
  std::vector<torch::Tensor> logits = {output.logits};
  for (const SemanticStageOutput& stage : output.stages) logits.push_back(stage.logits);
  if (trace != nullptr) *trace = std::move(output);
  return logits;
}

torch::Tensor SemanticKNetImpl::forward(const torch::Tensor& images, SemanticKNetTrace* trace) {
  const auto maps = backbone_->forward(images);
  if (trace == nullptr) return decode(maps, nullptr).back();
  trace->maps = maps;
  return decode(maps, &trace->stages).back();
}

torch::Tensor SemanticKNetImpl::auxiliary_logits(const std::vector<torch::Tensor>& maps) {
  return auxiliary_head_->forward(maps);
}

LossTerms SemanticKNetImpl::losses(const torch::Tensor& images, const torch::Tensor& labels) {
  const auto maps = backbone_->forward(images);
  const auto stages = decode(maps, nullptr);
  LossTerms terms;
  for (std::size_t s = 0; s < stages.size(); ++s)
    add_terms(terms, "decode", stages.size() == 1 ? "" : fmt::format(".s{}", s), stages[s], labels,
              1);
  if (auxiliary_head_)
    add_terms(terms, "aux", "", auxiliary_logits(maps), labels, options_.auxiliary_weight);
  return terms;
}

}  // namespace tessera
