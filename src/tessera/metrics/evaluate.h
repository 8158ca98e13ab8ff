#pragma once

#include "tessera/metrics/metric.h"

/// The entries of the command line that read PNGs of ids: each walks a data set's files and feeds
/// its metric.
namespace tessera {

MetricKind pq_kind();
MetricKind vpq_kind();
MetricKind stq_kind();
MetricKind miou_kind();

/// Those that read JSON.
MetricKind coco_kind();
MetricKind ytvis_kind();

/// Video objects and tracks.
MetricKind davis_kind();
MetricKind mots_kind();

}  // namespace tessera
