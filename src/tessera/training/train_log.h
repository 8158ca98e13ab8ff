#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "tessera/training/event_file.h"
#include "tessera/training/task.h"

namespace tessera {

/// Means over the iterations since the last line.
struct TrainLine {
  std::int64_t iteration = 0;  ///< done
  std::int64_t iterations = 0;
  double epoch = 0;
  double lr = 0;
  std::vector<std::pair<std::string, double>> terms;  ///< "loss" is their sum
  double gradient_norm = 0;
  double step_seconds = 0;
  double data_seconds = 0;  ///< of these, waiting for data
  double samples_per_second = 0;
  std::uint64_t memory_bytes = 0;  ///< the most that the process has used
  double remaining_seconds = 0;
  std::int64_t skipped_samples = 0;
};

/// What a training says of itself: lines on the terminal, log.jsonl for programs, an event file for
/// TensorBoard.
class TrainLog {
 public:
  /// Goes on with a log.jsonl that is there when `resume` is set; lines from `iteration` on, which
  /// will be written again, are dropped.
  TrainLog(const std::filesystem::path& folder, bool resume, std::int64_t iteration);

  void write(const TrainLine& line);
  void write(std::int64_t iteration, const Scores& scores);

 private:
  void append(const std::string& json);

  std::filesystem::path path_;
  std::ofstream file_;
  EventFile events_;
};

/// One line for a person: "iteration 50/120  loss 3.21 (...)  lr 1e-4  ...".
std::string to_text(const TrainLine& line);

}  // namespace tessera
