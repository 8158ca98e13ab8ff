#pragma once

#include <memory>

#include "tessera/core/config.h"
#include "tessera/nn/backbone.h"
#include "tessera/nn/resnet.h"
#include "tessera/nn/swin.h"

namespace tessera {

/// Which backbone, and its own options.
struct BackboneOptions {
  enum class Type { kResNet, kSwin };
  Type type = Type::kResNet;
  ResNetOptions resnet;
  SwinOptions swin;
};

std::shared_ptr<BackboneImpl> make_backbone(const BackboneOptions& options);

void read_fields(ConfigReader& reader, ResNetOptions& options);
void read_fields(ConfigReader& reader, SwinOptions& options);
void read_fields(ConfigReader& reader, BackboneOptions& options);

}  // namespace tessera
