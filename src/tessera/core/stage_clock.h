#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace tessera {

/// Times the stages of work that is done again and again, one stage after another.
class StageClock {
 public:
  struct Stage {
    std::string name;
    std::vector<double> seconds;  ///< of each time
    double median() const;
  };

  /// The first stage of a round starts now.
  void start() { last_ = std::chrono::steady_clock::now(); }
  /// A stage ends now; it began when the one before ended.
  void end(std::string_view stage);
  /// In the order in which they first ended.
  const std::vector<Stage>& stages() const { return stages_; }

 private:
  std::vector<Stage> stages_;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

double median(std::vector<double> values);

}  // namespace tessera
