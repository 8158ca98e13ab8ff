#include "tessera/nn/make_backbone.h"

namespace tessera {

std::shared_ptr<BackboneImpl> make_backbone(const BackboneOptions& options) {
  if (options.type == BackboneOptions::Type::kSwin) return std::make_shared<SwinImpl>(options.swin);
  return std::make_shared<ResNetImpl>(options.resnet);
}

void read_fields(ConfigReader& reader, ResNetOptions& options) {
  reader.read("depth", options.depth);
  reader.read("stem_channels", options.stem_channels, {.low = 0});
  reader.read("base_channels", options.base_channels, {.low = 2});
  reader.read("deep_stem", options.deep_stem);
  reader.read("strides", options.strides);
  reader.read("dilations", options.dilations);
  reader.read("contract_dilation", options.contract_dilation);
  reader.read("deformable", options.deformable);
  reader.read("frozen_stages", options.frozen_stages, {.low = -1, .high = 4});
  reader.read("norm_eval", options.norm_eval);
  reader.read("recompute", options.recompute);
}

void read_fields(ConfigReader& reader, SwinOptions& options) {
  reader.read("channels", options.channels, {.low = 1});
  reader.read("depths", options.depths);
  reader.read("heads", options.heads);
  reader.read("window", options.window, {.low = 1});
  reader.read("mlp_ratio", options.mlp_ratio, {.low = 1});
  reader.read("qkv_bias", options.qkv_bias);
  reader.read("drop_path", options.drop_path, {.low = 0, .high = 0.99});
  reader.read("frozen_stages", options.frozen_stages, {.low = -1, .high = 4});
  reader.read("recompute", options.recompute);
  reader.read("layout", options.layout,
              {{"open-mmlab", SwinLayout::kOpenMmlab}, {"original", SwinLayout::kOriginal}});
}

void read_fields(ConfigReader& reader, BackboneOptions& options) {
  reader.read("type", options.type,
              {{"resnet", BackboneOptions::Type::kResNet}, {"swin", BackboneOptions::Type::kSwin}});
  if (options.type == BackboneOptions::Type::kSwin)
    read_fields(reader, options.swin);
  else
    read_fields(reader, options.resnet);
}

}  // namespace tessera
