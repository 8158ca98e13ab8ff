#include "tessera/metrics/box_iou.h"

#include <algorithm>

namespace tessera {

double box_iou(const Box& detection, const Box& truth, bool crowd) {
  const double width = std::min(detection.x + detection.width, truth.x + truth.width) -
                       std::max(detection.x, truth.x);
  const double height = std::min(detection.y + detection.height, truth.y + truth.height) -
                        std::max(detection.y, truth.y);
  if (width <= 0 || height <= 0) return 0;
  const double both = width * height;
  const double detected = detection.width * detection.height;
  return both / (crowd ? detected : detected + truth.width * truth.height - both);
}

}  // namespace tessera
