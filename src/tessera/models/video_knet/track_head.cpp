#include "tessera/models/video_knet/track_head.h"

#include <torch/torch.h>

namespace tessera {

TrackHeadImpl::TrackHeadImpl(const TrackHeadOptions& options)
    : fc_embed_(options.layers > 0 ? options.hidden_channels : options.channels,
                options.embedding_channels) {
  const auto list = register_module("fcs", torch::nn::ModuleList());
  for (int i = 0; i < options.layers; ++i) {
    layers_.emplace_back(i == 0 ? options.channels : options.hidden_channels,
                         options.hidden_channels);
    torch::nn::init::xavier_uniform_(layers_.back()->weight);
    torch::nn::init::zeros_(layers_.back()->bias);
    list->push_back(layers_.back());
  }
  register_module("fc_embed", fc_embed_);
  torch::nn::init::normal_(fc_embed_->weight, 0, 0.01);
  torch::nn::init::zeros_(fc_embed_->bias);
}

torch::Tensor TrackHeadImpl::forward(const torch::Tensor& features) {
  auto x = features;
  for (auto& layer : layers_) x = layer(x).relu();
  return fc_embed_(x);
}

}  // namespace tessera
