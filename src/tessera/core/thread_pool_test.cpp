#include "tessera/core/thread_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <vector>

#include "tessera/core/error.h"

namespace tessera {
namespace {

TEST(ThreadPool, RunsEveryTaskBeforeItEnds) {
  std::atomic<int> sum = 0;
  {
    ThreadPool pool(3);
    for (int i = 1; i <= 100; ++i) pool.submit([&sum, i] { sum += i; });
  }
  EXPECT_EQ(sum, 5050);
}

TEST(ParallelFor, VisitsEveryIndexOnce) {
  std::vector<std::atomic<int>> visits(1000);
  parallel_for(visits.size(), 4, [&](std::size_t i, int worker) {
    ASSERT_LT(worker, 4);
    ++visits[i];
  });
  for (const auto& count : visits) EXPECT_EQ(count, 1);
}

TEST(ParallelFor, ForwardsTheError) {
  EXPECT_THROW(parallel_for(100, 4,
                            [](std::size_t i, int) {
                              if (i == 37) fail("frame {}", i);
                            }),
               Error);
}

TEST(ParallelFor, NothingToDo) {
  parallel_for(0, 4, [](std::size_t, int) { FAIL(); });
}

}  // namespace
}  // namespace tessera
