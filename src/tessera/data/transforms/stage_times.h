#pragma once

#include <chrono>
#include <map>
#include <string>

namespace tessera {

/// Seconds spent in each stage, by its name.
using StageTimes = std::map<std::string, double>;

/// Adds the time until it goes out of scope to a stage.
class StageTimer {
 public:
  StageTimer(StageTimes& times, const std::string& stage) : seconds_(times[stage]) {}
  ~StageTimer() {
    seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }
  StageTimer(const StageTimer&) = delete;
  StageTimer& operator=(const StageTimer&) = delete;

 private:
  double& seconds_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace tessera
