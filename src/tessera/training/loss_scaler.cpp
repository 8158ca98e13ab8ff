#include "tessera/training/loss_scaler.h"

namespace tessera {

void LossScaler::update(bool overflowed) {
  constexpr double kGrowth = 2, kBackoff = 0.5;
  constexpr std::int64_t kStepsToGrow = 2000;
  if (overflowed) {
    state_ = {state_.scale * kBackoff, 0};
  } else if (++state_.good_steps == kStepsToGrow) {
    state_ = {state_.scale * kGrowth, 0};
  }
}

}  // namespace tessera
