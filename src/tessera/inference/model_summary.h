#pragma once

#include <vector>

#include "tessera/core/config.h"
#include "tessera/image/image.h"
#include "tessera/nn/count_work.h"

namespace tessera {

struct ModelSummary {
  Size input;  ///< what the network takes for a picture of the size that was asked for
  std::vector<PartWork> parts;
};

/// How large the parts of a configuration's model are, and what they compute for a picture of
/// `size`; of a video for a frame that has one before it and as many things as proposals.
ModelSummary summarize_model(const Config& config, Size size);

}  // namespace tessera
