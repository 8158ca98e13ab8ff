#include "tessera/core/machine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tessera {
namespace {

TEST(Machine, ReadsProcessorFeaturesAndMemory) {
  const Machine machine = describe_machine(
      "processor\t: 0\nmodel name\t: Some CPU @ 2 GHz\nflags\t\t: fpu avx2 avx512f_x amx_bf16\n"
      "processor\t: 1\nmodel name\t: Other\n",
      "MemTotal:       2048 kB\nMemFree: 1 kB\nMemAvailable:   1024 kB\n");
  EXPECT_EQ(machine.processor, "Some CPU @ 2 GHz");
  EXPECT_THAT(machine.features, ::testing::ElementsAre("avx2", "amx_bf16"));
  EXPECT_TRUE(multiplies_bfloat16(machine));
  EXPECT_FALSE(multiplies_bfloat16(describe_machine("flags : fpu avx2", "")));
  EXPECT_EQ(machine.memory_bytes, 2048u * 1024);
  EXPECT_EQ(machine.free_memory_bytes, 1024u * 1024);
}

TEST(Machine, ThisOneHasMemory) { EXPECT_GT(describe_machine().memory_bytes, 0u); }

TEST(Machine, PeakMemoryGrowsAndIsReset) {
  constexpr std::size_t kBytes = 64 << 20;
  const std::uint64_t before = peak_memory_bytes();
  EXPECT_GT(before, 0u);
  { std::vector<char> touched(kBytes, 1); }
  const std::uint64_t with = peak_memory_bytes();
  EXPECT_GE(with, before);
  EXPECT_GE(with, kBytes);
  reset_peak_memory();
  EXPECT_LE(peak_memory_bytes() + kBytes / 2, with);
}

}  // namespace
}  // namespace tessera
