#pragma once

#include <cstdint>

namespace tessera {

/// Keeps small gradients of fp16 from becoming 0: the loss is multiplied by a scale that is as
/// large as the gradients bear. The arithmetic of torch's GradScaler.
class LossScaler {
 public:
  struct State {
    double scale = 65536;
    std::int64_t good_steps = 0;  ///< since the scale last changed
  };

  double scale() const { return state_.scale; }
  /// After each step: halves the scale when gradients overflowed, doubles it after 2,000 steps
  /// without.
  void update(bool overflowed);

  const State& state() const { return state_; }
  void set_state(const State& state) { state_ = state; }

 private:
  State state_;
};

}  // namespace tessera
