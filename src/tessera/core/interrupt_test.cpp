#include "tessera/core/interrupt.h"

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <cstdlib>

#include "tessera/core/thread_pool.h"

namespace tessera {
namespace {

/// Runs in a process of its own, since a signal stays noted for the rest of one. Exits with 100 +
/// the signal when work on several threads stops with Interrupted, soon after the signal.
[[noreturn]] void work_until(int signal) {
  install_interrupt_handler();
  std::atomic<int> done = 0;
  try {
    parallel_for(1'000'000, 3, [&](std::size_t index, int) {
      if (index == 10) std::raise(signal);
      ++done;
    });
  } catch (const Interrupted& interrupted) {
    std::_Exit(done < 1'000'000 ? 100 + interrupted.signal() : 1);
  }
  std::_Exit(2);
}

TEST(InterruptDeathTest, CtrlCStopsWorkOnAllThreads) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(work_until(SIGINT), ::testing::ExitedWithCode(100 + SIGINT), "");
  EXPECT_EXIT(work_until(SIGTERM), ::testing::ExitedWithCode(100 + SIGTERM), "");
}

[[noreturn]] void hold_and_let_go() {
  install_interrupt_handler();
  std::raise(SIGTERM);
  try {
    const HoldInterrupt hold;
    check_interrupt();
  } catch (const Interrupted&) {
    std::_Exit(1);
  }
  try {
    check_interrupt();
  } catch (const Interrupted&) {
    std::_Exit(0);
  }
  std::_Exit(2);
}

TEST(InterruptDeathTest, CanBeHeldWhileSomethingIsSaved) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(hold_and_let_go(), ::testing::ExitedWithCode(0), "");
}

TEST(Interrupt, NothingHappensWithoutASignal) {
  EXPECT_FALSE(interrupted());
  EXPECT_NO_THROW(check_interrupt());
}

}  // namespace
}  // namespace tessera
