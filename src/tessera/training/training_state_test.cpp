#include "tessera/training/training_state.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "tessera/core/error.h"
#include "tessera/core/file.h"

namespace tessera {
namespace {

namespace fs = std::filesystem;

fs::path empty_folder(const char* name) {
  const fs::path folder = fs::path(testing::TempDir()) / name;
  fs::remove_all(folder);
  fs::create_directories(folder);
  return folder;
}

TrainingState make_state() {
  return {.model = {{"a.weight", torch::randn({3, 4})}, {"a.count", torch::tensor(7)}},
          .optimizer = {{"steps", torch::tensor(3)}, {"exp_avg/a.weight", torch::randn({3, 4})}},
          .average = {{"a.weight", torch::randn({3, 4})}},
          .random = torch::randint(0, 255, {16}, torch::kUInt8),
          .loss_scale = {.scale = 512, .good_steps = 40},
          .iteration = 120,
          .skipped_samples = 2,
          .best = 41.5,
          .has_best = true,
          .config = "model: {type: knet}\n"};
}

void expect_equal(const std::map<std::string, torch::Tensor>& a,
                  const std::map<std::string, torch::Tensor>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (const auto& [name, tensor] : a) EXPECT_TRUE(torch::equal(tensor, b.at(name))) << name;
}

TEST(TrainingState, ComesBackWhole) {
  const fs::path path = empty_folder("state") / "iteration_120.pth";
  const TrainingState saved = make_state();
  save_training_state(path, saved);
  const TrainingState loaded = load_training_state(path);
  expect_equal(loaded.model, saved.model);
  expect_equal(loaded.optimizer, saved.optimizer);
  expect_equal(loaded.average, saved.average);
  EXPECT_TRUE(torch::equal(loaded.random, saved.random));
  EXPECT_EQ(loaded.loss_scale.scale, 512);
  EXPECT_EQ(loaded.loss_scale.good_steps, 40);
  EXPECT_EQ(loaded.iteration, 120);
  EXPECT_EQ(loaded.skipped_samples, 2);
  EXPECT_EQ(loaded.best, 41.5);
  EXPECT_TRUE(loaded.has_best);
  EXPECT_EQ(loaded.config, saved.config);
}

TEST(TrainingState, WeightsAloneAreNoTraining) {
  const fs::path path = empty_folder("weights") / "best.pth";
  save_weights(path, make_state().model);
  try {
    load_training_state(path);
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("--load-from"), std::string::npos) << error.what();
  }
}

TEST(TrainingState, TheNewestCheckpointIsFoundByItsNumber) {
  const fs::path folder = empty_folder("newest");
  EXPECT_FALSE(newest_checkpoint(folder));
  for (const char* name : {"iteration_9.pth", "iteration_100.pth", "best.pth", "iteration_x.pth"})
    write_text_file(folder / name, "");
  EXPECT_EQ(newest_checkpoint(folder), folder / "iteration_100.pth");
  remove_old_checkpoints(folder, 1);
  EXPECT_FALSE(fs::exists(folder / "iteration_9.pth"));
  EXPECT_TRUE(fs::exists(folder / "best.pth"));
}

}  // namespace
}  // namespace tessera
