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
  EXPECT_EQ(machine.memory_bytes, 2048u * 1024);
  EXPECT_EQ(machine.free_memory_bytes, 1024u * 1024);
}

TEST(Machine, ThisOneHasMemory) { EXPECT_GT(describe_machine().memory_bytes, 0u); }

}  // namespace
}  // namespace tessera
