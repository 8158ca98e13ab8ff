#pragma once

#include "tessera/core/config.h"
#include "tessera/models/knet/knet.h"

namespace tessera {

/// The `model` section of a configuration with `type: knet`; docs/models/knet.md lists its keys.
void read_fields(ConfigReader& reader, KNetOptions& options);

}  // namespace tessera
