#pragma once

#include <vector>

#include "tessera/data/dataset.h"
#include "tessera/inference/prediction.h"

namespace tessera {

/// A prediction over its picture: every segment or object in a colour of its own near its class's,
/// outlined.
Image draw_prediction(const Image& picture, const Prediction& prediction,
                      const std::vector<ClassInfo>& classes);

}  // namespace tessera
