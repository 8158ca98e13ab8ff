#include "tessera/nn/resize.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "tessera/nn/fill.h"

namespace tessera {
namespace {

void expect_like_torch(torch::IntArrayRef sizes, std::int64_t factor) {
  SCOPED_TRACE(testing::Message() << sizes << " by " << factor);
  const auto x = signal("x", sizes).requires_grad_();
  const auto wide = x.detach().to(torch::kFloat64).requires_grad_();
  const auto actual = upsample_bilinear(x, factor);
  const auto expected = at::upsample_bilinear2d(
      wide, {wide.size(2) * factor, wide.size(3) * factor}, /*align_corners=*/false);
  ASSERT_EQ(actual.sizes(), expected.sizes());
  EXPECT_TRUE(torch::allclose(actual.to(torch::kFloat64), expected, 0, 1e-6));
  const auto change = signal("change", actual.sizes());
  actual.backward(change);
  expected.backward(change.to(torch::kFloat64));
  EXPECT_TRUE(torch::allclose(x.grad().to(torch::kFloat64), wide.grad(), 0, 5e-6));
}

TEST(UpsampleBilinear, IsTorchsWithItsGradient) {
  for (const std::int64_t factor : {1, 2, 4}) {
    expect_like_torch({2, 3, 7, 19}, factor);
    expect_like_torch({1, 40, 33, 64}, factor);
    expect_like_torch({1, 2, 1, 5}, factor);
    expect_like_torch({1, 2, 6, 1}, factor);
    expect_like_torch({1, 1, 1, 1}, factor);
  }
}

TEST(UpsampleBilinear, TakesWhatIsNotDense) {
  const auto x = signal("x", {2, 8, 6, 10}).transpose(2, 3);
  const auto expected = at::upsample_bilinear2d(x, {20, 12}, /*align_corners=*/false);
  EXPECT_TRUE(torch::allclose(upsample_bilinear(x, 2), expected, 0, 1e-6));
}

TEST(UpsampleBilinear, TakesNoPlanes) {
  EXPECT_EQ(upsample_bilinear(torch::zeros({1, 0, 4, 5}), 2).sizes(),
            (torch::IntArrayRef{1, 0, 8, 10}));
}

}  // namespace
}  // namespace tessera
