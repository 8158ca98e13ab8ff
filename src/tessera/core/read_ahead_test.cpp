#include "tessera/core/read_ahead.h"

#include <gtest/gtest.h>

#include "tessera/core/error.h"

namespace tessera {
namespace {

TEST(ReadAhead, GivesEveryItemOnceAndEnds) {
  ReadAhead<int> numbers([next = 0]() mutable -> std::optional<int> {
    if (next == 3) return std::nullopt;
    return next++;
  });
  EXPECT_EQ(numbers.next(), 0);
  EXPECT_EQ(numbers.next(), 1);
  EXPECT_EQ(numbers.next(), 2);
  EXPECT_EQ(numbers.next(), std::nullopt);
}

TEST(ReadAhead, ThrowsWhatMakingThrew) {
  ReadAhead<int> broken([]() -> std::optional<int> { fail("frame 7 is broken"); });
  EXPECT_THROW(broken.next(), Error);
}

}  // namespace
}  // namespace tessera
