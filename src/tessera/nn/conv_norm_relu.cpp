#include "tessera/nn/conv_norm_relu.h"

namespace tessera {

ConvUnit conv_norm_relu(std::int64_t in_channels, std::int64_t out_channels, std::int64_t kernel,
                        std::int64_t dilation) {
  return ConvUnit(in_channels, out_channels,
                  ConvUnitOptions{.kernel = kernel,
                                  .padding = kernel / 2 * dilation,
                                  .dilation = dilation,
                                  .norm = Norm::kBatch,
                                  .activation = Activation::kRelu});
}

}  // namespace tessera
