#include "tessera/core/interrupt.h"

#include <csignal>
#include <cstdlib>

namespace tessera {
namespace {

volatile std::sig_atomic_t pending_signal = 0;

void handle_signal(int signal) {
  if (pending_signal != 0) std::_Exit(128 + signal);
  pending_signal = signal;
}

}  // namespace

Interrupted::Interrupted(int signal)
    : Error(signal == SIGINT ? "interrupted" : "terminated"), signal_(signal) {}

void install_interrupt_handler() {
  struct sigaction action = {};
  action.sa_handler = handle_signal;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  // A file that outgrows its limit is then an error of the write, told like a full disk.
  std::signal(SIGXFSZ, SIG_IGN);
}

bool interrupted() noexcept { return pending_signal != 0; }

void check_interrupt() {
  if (pending_signal != 0) throw Interrupted(pending_signal);
}

}  // namespace tessera
