#include "tessera/core/interrupt.h"

#include <csignal>
#include <cstdlib>
#include <ctime>

namespace tessera {
namespace {

volatile std::sig_atomic_t pending_signal = 0;
volatile std::time_t pending_since = 0;

/// A wrapper that passes Ctrl-C on makes it arrive twice at once; only a later one is a person out
/// of patience.
constexpr std::time_t kPatienceSeconds = 2;

std::time_t now() {
  struct timespec time = {};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec;
}

void handle_signal(int signal) {
  if (pending_signal == 0) {
    pending_since = now();
    pending_signal = signal;
  } else if (now() - pending_since >= kPatienceSeconds) {
    std::_Exit(128 + signal);
  }
}

thread_local int holds = 0;

}  // namespace

Interrupted::Interrupted(int signal)
    : Error(signal == SIGINT ? "interrupted" : "terminated"), signal_(signal) {}

void Interrupted::throw_again(const std::string&) const { throw Interrupted(signal_); }

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
  if (pending_signal != 0 && holds == 0) throw Interrupted(pending_signal);
}

HoldInterrupt::HoldInterrupt() { ++holds; }
HoldInterrupt::~HoldInterrupt() { --holds; }

}  // namespace tessera
