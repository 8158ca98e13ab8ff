#include "tessera/core/stage_clock.h"

#include <algorithm>

namespace tessera {

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

double StageClock::Stage::median() const { return tessera::median(seconds); }

void StageClock::end(std::string_view stage) {
  const auto now = std::chrono::steady_clock::now();
  auto found = std::find_if(stages_.begin(), stages_.end(),
                            [stage](const Stage& known) { return known.name == stage; });
  if (found == stages_.end()) found = stages_.insert(stages_.end(), {std::string(stage), {}});
  found->seconds.push_back(std::chrono::duration<double>(now - last_).count());
  last_ = now;
}

}  // namespace tessera
