#pragma once

#include "tessera/core/config.h"
#include "tessera/models/video_knet/video_knet.h"

namespace tessera {

/// The `model` section of a configuration with `type: video_knet`: K-Net's keys and a few more;
/// docs/models/video_knet.md lists them.
void read_fields(ConfigReader& reader, VideoKNetOptions& options);

}  // namespace tessera
