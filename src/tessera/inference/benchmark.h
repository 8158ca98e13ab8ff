#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tessera/core/config.h"
#include "tessera/core/stage_clock.h"
#include "tessera/inference/image_predictor.h"

namespace tessera {

struct BenchmarkOptions {
  WeightSource weights;
  /// A picture, a folder of them, a video or a dataset's split; without it frames of the synthetic
  /// street of `size` are drawn.
  std::string input;
  Size size = {1248, 384};
  std::uint64_t street_seed = 0;
  int frames = 8;  ///< to measure; one more goes before them
  std::vector<std::string> precisions = {"fp32"};
  ComputeOptions compute;  ///< but for the precision
};

/// What a model took to predict frames in one precision, from file to file.
struct BenchmarkRun {
  std::string precision;
  std::vector<StageClock::Stage> stages;  ///< one after another
  double frame_seconds = 0;               ///< the sum of the stages' medians
  /// Videos: of predict, which reads and writes beside the network.
  std::optional<double> pipeline_seconds;
  double segments = 0;  ///< found in a frame on average
  std::uint64_t peak_memory_bytes = 0;
};

/// How alike the results of two precisions are, the first taken for the truth.
struct BenchmarkAgreement {
  std::string measure;  ///< "PQ", "mean IoU of instances", "equal pixels"
  double value = 0;     ///< up to 1
};

struct BenchmarkResult {
  std::size_t frames = 0;
  Size size;  ///< of the first frame
  std::vector<BenchmarkRun> runs;
  std::optional<BenchmarkAgreement> agreement;  ///< of the second run with the first
};

/// Measures prediction with the model of a configuration, for pictures or for videos.
BenchmarkResult measure_prediction(const Config& config, const BenchmarkOptions& options);

}  // namespace tessera
