#include "tessera/nn/backend.h"

#include <gtest/gtest.h>

namespace tessera {
namespace {

TEST(Backend, ReadsTheCapabilityFromLibtorchsText) {
  EXPECT_EQ(cpu_capability_in("PyTorch built with:\n  - CPU capability usage: AVX2\n  - x"),
            "AVX2");
  EXPECT_EQ(cpu_capability_in("PyTorch built with:\n"), "default");
}

TEST(Backend, SaysWhatItComputesWith) {
  const Backend backend = describe_backend();
  EXPECT_FALSE(backend.libtorch.empty());
  EXPECT_FALSE(backend.blas.name.empty());
}

}  // namespace
}  // namespace tessera
