#include "tessera/training/training_report.h"

namespace tessera {

void TrainingReport::set_samples(std::int64_t iteration, std::vector<ValidationSample> samples) {
  samples_of_ = iteration;
  samples_ = std::move(samples);
}

void TrainingReport::refresh() const {}

}  // namespace tessera
