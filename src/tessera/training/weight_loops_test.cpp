#include "tessera/training/weight_loops.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "tessera/training/optimizer.h"

namespace tessera {
namespace {

// More than one thread's piece, and no multiple of a vector.
constexpr std::int64_t kCount = 70'003;

TEST(WeightLoops, DenseFloatsOnTheCpuSuit) {
  const auto floats = torch::zeros({4, 6});
  EXPECT_TRUE(suits_loops(floats));
  EXPECT_FALSE(suits_loops(floats.t()));
  EXPECT_FALSE(suits_loops(floats.to(torch::kFloat64)));
}

TEST(WeightLoops, EqualTorchs) {
  torch::manual_seed(1);
  const auto a = torch::randn({kCount}), b = torch::randn({kCount});
  const double squares = a.to(torch::kFloat64).square().sum().item<double>();
  EXPECT_NEAR(sum_of_squares(a), squares, 1e-9 * squares);
  const auto scaled = a.clone();
  scale(scaled, 0.3);
  EXPECT_TRUE(torch::equal(scaled, a * 0.3));
  const auto approached = a.clone();
  approach(approached, b, 0.01);
  EXPECT_TRUE(torch::allclose(approached, a.lerp(b, 0.01), 1e-6, 1e-7));
}

TEST(WeightLoops, SumsDoNotDependOnThreads) {
  torch::manual_seed(2);
  const auto values = torch::randn({kCount});
  const int threads = torch::get_num_threads();
  torch::set_num_threads(1);
  const double alone = sum_of_squares(values);
  torch::set_num_threads(2);
  EXPECT_EQ(sum_of_squares(values), alone);
  torch::set_num_threads(threads);
}

/// A module of one large weight in one type.
torch::nn::Linear make_linear(torch::ScalarType type) {
  torch::manual_seed(3);
  torch::nn::Linear linear(torch::nn::LinearOptions(kCount, 1));
  linear->to(type);
  return linear;
}

TEST(WeightLoops, AdamWEqualsItsTensorForm) {
  auto narrow = make_linear(torch::kFloat32), wide = make_linear(torch::kFloat64);
  Optimizer loops(*narrow, {.lr = 0.01, .weight_decay = 0.1, .max_norm = 1});
  Optimizer tensors(*wide, {.lr = 0.01, .weight_decay = 0.1, .max_norm = 1});
  for (int step = 0; step < 4; ++step) {
    const auto gradient = torch::randn({1, kCount});
    narrow->weight.mutable_grad() = gradient.clone();
    wide->weight.mutable_grad() = gradient.to(torch::kFloat64);
    EXPECT_NEAR(loops.clip(), tensors.clip(), 1e-3);
    for (Optimizer* optimizer : {&loops, &tensors})
      optimizer->step([](double rate) { return rate; });
  }
  EXPECT_TRUE(torch::allclose(narrow->weight.to(torch::kFloat64), wide->weight, 1e-5, 1e-7));
}

}  // namespace
}  // namespace tessera
