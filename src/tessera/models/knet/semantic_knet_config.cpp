#include "tessera/models/knet/semantic_knet_config.h"

#include <string>

namespace tessera {

void read_fields(ConfigReader& reader, SemanticKNetOptions& options) {
  constexpr double kMostClasses = 255;  // labels are bytes, and one of their values means none
  std::string type;
  reader.read("type", type);
  reader.read("backbone", options.backbone);
  reader.read("classes", options.classes, {.low = 1, .high = kMostClasses});
  reader.read("head", options.head);
  reader.read("stages", options.stages, {.low = 0});
  reader.read("updator_channels", options.update.updator_channels, {.low = 1});
  reader.read("attention_heads", options.update.attention_heads, {.low = 1});
  reader.read("feedforward_channels", options.update.feedforward_channels, {.low = 1});
  reader.read("auxiliary", options.auxiliary);
  reader.read("auxiliary_weight", options.auxiliary_weight, {.low = 0});
  if (options.stages > 0 && options.head.channels % options.update.updator_channels != 0)
    reader.refuse("updator_channels", "it must divide model.head.channels");
  if (options.stages > 0 && options.head.channels % options.update.attention_heads != 0)
    reader.refuse("attention_heads", "it must divide model.head.channels");
}

}  // namespace tessera
