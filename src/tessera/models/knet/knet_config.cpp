#include "tessera/models/knet/knet_config.h"

namespace tessera {

void read_fields(ConfigReader& reader, KNetOptions& options) {
  std::string type;
  reader.read("type", type);
  reader.read("backbone", options.backbone);
  reader.read("channels", options.head.channels, {.low = 32});
  reader.read("proposals", options.head.proposals, {.low = 1});
  reader.read("thing_classes", options.head.thing_classes, {.low = 1});
  reader.read("stuff_classes", options.head.stuff_classes, {.low = 0});
  reader.read("stride", options.head.stride, {.low = 4, .high = 8});
  reader.read("mask_upsampling", options.mask_upsampling, {.low = 1, .high = 8});
  reader.read("stages", options.stages, {.low = 1});
  reader.read("attention_heads", options.attention_heads, {.low = 1});
  reader.read("feedforward_channels", options.feedforward_channels, {.low = 1});
  reader.read("kernel_update", options.update,
              {{"original", KernelUpdate::kOriginal},
               {"concatenate", KernelUpdate::kConcatenate},
               {"skip", KernelUpdate::kSkip},
               {"concatenate_skip", KernelUpdate::kConcatenateSkip},
               {"mlp", KernelUpdate::kMlp}});
}

}  // namespace tessera
