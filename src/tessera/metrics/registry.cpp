#include "tessera/metrics/evaluate.h"
#include "tessera/metrics/metric.h"

namespace tessera {

const std::vector<MetricKind>& all_metrics() {
  static const std::vector<MetricKind> metrics = {pq_kind(),    vpq_kind(),  stq_kind(),
                                                  miou_kind(),  coco_kind(), ytvis_kind(),
                                                  davis_kind(), mots_kind()};
  return metrics;
}

}  // namespace tessera
