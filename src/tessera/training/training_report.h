#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "tessera/training/task.h"

namespace tessera {

/// report.html in the work folder: the curves of log.jsonl, the last validation, and pictures of it
/// beside the truth. One file, no script, nothing fetched.
class TrainingReport {
 public:
  explicit TrainingReport(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// The pictures to show from now on.
  void set_samples(std::int64_t iteration, std::vector<ValidationSample> samples);
  /// Writes the page anew.
  void refresh() const;

 private:
  std::filesystem::path folder_;
  std::int64_t samples_of_ = 0;
  std::vector<ValidationSample> samples_;
};

}  // namespace tessera
