#include "swin_case.h"

namespace tessera::parity {

SwinOptions swin_options(const Json& backbone) {
  return {.channels = backbone.at("embed_dims"),
          .depths = backbone.at("depths").get<std::vector<std::int64_t>>(),
          .heads = backbone.at("num_heads").get<std::vector<std::int64_t>>(),
          .window = backbone.at("window_size"),
          .mlp_ratio = backbone.value("mlp_ratio", 4),
          .qkv_bias = backbone.value("qkv_bias", true),
          .drop_path = backbone.value("drop_path_rate", 0.0)};
}

}  // namespace tessera::parity
