#include "tessera/nn/initialise.h"

#include <torch/torch.h>

#include <string>

namespace tessera {

void initialise_convolutions(torch::nn::Module& module) {
  for (const auto& part : module.modules(/*include_self=*/false)) {
    auto* conv = part->as<torch::nn::Conv2d>();
    if (conv == nullptr) continue;
    torch::nn::init::kaiming_normal_(conv->weight, 0, torch::kFanOut, torch::kReLU);
    if (conv->bias.defined()) torch::nn::init::zeros_(conv->bias);
  }
}

void start_blocks_as_identities(torch::nn::Module& resnet) {
  for (const auto& item : resnet.named_modules()) {
    if (!item.key().starts_with("layer")) continue;
    const auto parts = item.value()->named_children();
    const auto* last = parts.find("bn3") != nullptr ? parts.find("bn3") : parts.find("bn2");
    if (last != nullptr) torch::nn::init::zeros_((*last)->as<torch::nn::BatchNorm2d>()->weight);
  }
}

}  // namespace tessera
