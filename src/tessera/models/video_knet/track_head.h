#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/linear.h>

#include <cstdint>
#include <vector>

namespace tessera {

struct TrackHeadOptions {
  std::int64_t channels = 256;  ///< of the features that come in
  std::int64_t hidden_channels = 256;
  std::int64_t embedding_channels = 256;
  int layers = 2;  ///< linear layers with a ReLU before the last one
};

/// From an object's features to the embedding that it is recognised by (`fcs.*`, `fc_embed`).
class TrackHeadImpl : public torch::nn::Module {
 public:
  explicit TrackHeadImpl(const TrackHeadOptions& options);

  /// [N, channels] -> [N, embedding_channels]
  torch::Tensor forward(const torch::Tensor& features);

 private:
  std::vector<torch::nn::Linear> layers_;
  torch::nn::Linear fc_embed_;
};
TORCH_MODULE(TrackHead);

}  // namespace tessera
