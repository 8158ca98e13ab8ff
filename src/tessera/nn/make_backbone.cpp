#include "tessera/nn/make_backbone.h"

namespace tessera {

std::shared_ptr<BackboneImpl> make_backbone(const BackboneOptions& options) {
  return std::make_shared<ResNetImpl>(options.resnet);
}

void read_fields(ConfigReader& reader, ResNetOptions& options) {
  reader.read("depth", options.depth);
  reader.read("deep_stem", options.deep_stem);
  reader.read("strides", options.strides);
  reader.read("dilations", options.dilations);
  reader.read("contract_dilation", options.contract_dilation);
  reader.read("deformable", options.deformable);
  reader.read("frozen_stages", options.frozen_stages, {.low = -1, .high = 4});
  reader.read("norm_eval", options.norm_eval);
}

void read_fields(ConfigReader& reader, BackboneOptions& options) {
  reader.read("type", options.type, {{"resnet", BackboneOptions::Type::kResNet}});
  read_fields(reader, options.resnet);
}

}  // namespace tessera
