#pragma once

#include <string_view>

#include "memory_file.h"
#include "tessera/core/error.h"
#include "tessera/metrics/metric.h"

namespace tessera::fuzz {

/// Evaluates the bytes as ground truth against a good prediction, and as a prediction against a
/// good ground truth. What is accepted must survive being saved and put together again.
inline void evaluate_json(const MetricKind& kind, std::span<const std::uint8_t> bytes,
                          std::string_view good_truth, std::string_view good_prediction) {
  static MemoryFile fuzzed, truth(good_truth), prediction(good_prediction);
  fuzzed.write(bytes);
  EvalOptions options;
  options.variant = kind.variants[0].name;
  for (const bool as_truth : {true, false}) {
    options.gt = as_truth ? fuzzed.path() : truth.path();
    options.pred = as_truth ? prediction.path() : fuzzed.path();
    try {
      const EvalResult result = kind.evaluate(options);
      if (kind.restore(result.metric->save())->report().json.dump() !=
          result.metric->report().json.dump())
        std::abort();
    } catch (const Error&) {
    }
  }
}

}  // namespace tessera::fuzz
