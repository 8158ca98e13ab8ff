#pragma once

#include "tessera/core/error.h"

namespace tessera {

/// Thrown by check_interrupt after Ctrl-C or SIGTERM; unwinding removes temporary files on the way
/// out.
class Interrupted : public Error {
 public:
  explicit Interrupted(int signal);
  /// Its message stays: where it happened is of no interest.
  [[noreturn]] void throw_again(const std::string& message) const override;
  int signal() const { return signal_; }

 private:
  int signal_;
};

/// From here on SIGINT and SIGTERM set a flag instead of ending the process. Another
/// signal 2 seconds later ends it at once.
void install_interrupt_handler();

/// True once a signal has come.
bool interrupted() noexcept;

/// Throws Interrupted once a signal has come. Long loops call it once an item.
void check_interrupt();

/// While it lives, check_interrupt() lets this thread go on: to save what was done so far because a
/// signal has come.
class HoldInterrupt {
 public:
  HoldInterrupt();
  ~HoldInterrupt();
  HoldInterrupt(const HoldInterrupt&) = delete;
  HoldInterrupt& operator=(const HoldInterrupt&) = delete;
};

}  // namespace tessera
