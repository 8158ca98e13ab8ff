#include "tessera/core/interrupt.h"

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <cstdlib>

#include "tessera/core/json.h"
#include "tessera/core/thread_pool.h"
#include "test_support.h"

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

/// Exits with the number of entries that were looked at.
[[noreturn]] void walk_until_signal(const std::filesystem::path& path) {
  install_interrupt_handler();
  int entries = 0;
  try {
    JsonFile(path, JsonRoot::kList).for_each_entry([&](const JsonValue&, std::string_view) {
      if (++entries == 3) std::raise(SIGINT);
    });
  } catch (const Interrupted&) {
    std::_Exit(entries);
  }
  std::_Exit(100);
}

using InterruptOfFiles = test::TemporaryFolder;

TEST_F(InterruptOfFiles, CtrlCStopsTheReadingOfALongList) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto path = folder_ / "list.json";
  write_text_file(path, "[1, 2, 3, 4, 5]");
  EXPECT_EXIT(walk_until_signal(path), ::testing::ExitedWithCode(3), "");
}

TEST(Interrupt, NothingHappensWithoutASignal) {
  EXPECT_FALSE(interrupted());
  EXPECT_NO_THROW(check_interrupt());
}

}  // namespace
}  // namespace tessera
