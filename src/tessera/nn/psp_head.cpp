#include "tessera/nn/psp_head.h"

#include <torch/torch.h>

#include "tessera/nn/conv_norm_relu.h"

namespace tessera {

PspHeadImpl::PspHeadImpl(const DecodeHeadOptions& options, std::int64_t in_channels)
    : DecodeHeadImpl(options),
      level_(static_cast<std::size_t>(options.level)),
      pooling_(*this, options.pool_scales, in_channels, options.channels) {
  bottleneck_ =
      register_module("bottleneck", conv_norm_relu(pooling_.out_channels(), options.channels, 3));
  initialise();
}

torch::Tensor PspHeadImpl::features(const std::vector<torch::Tensor>& maps) {
  return bottleneck_(pooling_(maps[level_]));
}

}  // namespace tessera
