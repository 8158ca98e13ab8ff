#pragma once

#include <vector>

#include "tessera/data/dataset.h"
#include "tessera/inference/prediction.h"

namespace tessera {

/// A prediction over its picture, as ViewMode::kOverlay shows it, with class names: the panoptic
/// one where there is one, else objects, else classes.
Image draw_prediction(const Image& picture, const Prediction& prediction,
                      const std::vector<ClassInfo>& classes);

}  // namespace tessera
