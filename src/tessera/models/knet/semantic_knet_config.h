#pragma once

#include "tessera/core/config.h"
#include "tessera/models/knet/semantic_knet.h"

namespace tessera {

/// The `model` section of a configuration with `type: semantic_knet`; docs/models/knet.md lists its
/// keys.
void read_fields(ConfigReader& reader, SemanticKNetOptions& options);

}  // namespace tessera
