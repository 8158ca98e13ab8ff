#include "tessera/core/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tessera/core/file.h"
#include "test_support.h"

namespace tessera {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

enum class OptimizerKind { kSgd, kAdamW };

struct Stage {
  double lr = 0.1;
  int epochs = 1;
};

struct Training {
  OptimizerKind optimizer = OptimizerKind::kSgd;
  std::vector<Stage> stages;
  std::array<int, 2> size = {0, 0};
  std::optional<double> clip = 1.0;
  bool flip = false;
  std::string name;
  std::uint8_t ignored = 255;
  std::map<std::string, double> weights;
  Stage warm_up;
};

void read_fields(ConfigReader& reader, Stage& stage) {
  reader.read("lr", stage.lr, {.low = 0});
  reader.read("epochs", stage.epochs, {.low = 1, .high = 100});
}

void read_fields(ConfigReader& reader, Training& training) {
  reader.read("optimizer", training.optimizer,
              {{"sgd", OptimizerKind::kSgd}, {"adamw", OptimizerKind::kAdamW}});
  reader.read("stages", training.stages);
  reader.read("size", training.size);
  reader.read("clip", training.clip);
  reader.read("flip", training.flip);
  reader.require("name", training.name);
  reader.read("ignored", training.ignored);
  reader.read("weights", training.weights);
  reader.read("warm_up", training.warm_up);
}

class ConfigFiles : public test::TemporaryFolder {
 protected:
  std::filesystem::path write(const std::string& name, const std::string& text) {
    make_directories((folder_ / name).parent_path());
    write_text_file(folder_ / name, text);
    return folder_ / name;
  }

  Training read(const std::string& text, const std::vector<std::string>& overrides = {}) {
    return Config::load(write("c.yaml", text), overrides).read<Training>();
  }

  std::string error_of(const std::string& text, const std::vector<std::string>& overrides = {}) {
    try {
      read(text, overrides);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }
};

TEST_F(ConfigFiles, FillsEveryKindOfField) {
  const Training t = read(R"(name: "7"
optimizer: adamw
stages: [{lr: 1e-4}, {epochs: 12}]
size: [512, 1024]
clip: ~
flip: true
ignored: 0
weights: {mask: 1, dice: .5}
warm_up: {lr: 0}
)");
  EXPECT_EQ(t.name, "7");
  EXPECT_EQ(t.optimizer, OptimizerKind::kAdamW);
  ASSERT_EQ(t.stages.size(), 2u);
  EXPECT_DOUBLE_EQ(t.stages[0].lr, 1e-4);
  EXPECT_EQ(t.stages[0].epochs, 1);
  EXPECT_EQ(t.stages[1].epochs, 12);
  EXPECT_THAT(t.size, ElementsAre(512, 1024));
  EXPECT_FALSE(t.clip.has_value());
  EXPECT_TRUE(t.flip);
  EXPECT_EQ(t.ignored, 0);
  EXPECT_DOUBLE_EQ(t.weights.at("dice"), 0.5);
  EXPECT_DOUBLE_EQ(t.warm_up.lr, 0);
}

TEST_F(ConfigFiles, LaterBasesAndTheFileWin) {
  write("bases/one.yaml", "name: one\nsize: [1, 1]\nwarm_up: {lr: 1, epochs: 3}\n");
  write("bases/two.yaml", "base: one.yaml\nname: two\nwarm_up: {lr: 2}\nflip: true\n");
  const Training t = read("base: [bases/one.yaml, bases/two.yaml]\nsize: [3, 4]\n");
  EXPECT_EQ(t.name, "two");
  EXPECT_THAT(t.size, ElementsAre(3, 4));
  EXPECT_DOUBLE_EQ(t.warm_up.lr, 2);
  EXPECT_EQ(t.warm_up.epochs, 3);
  EXPECT_TRUE(t.flip);
}

TEST_F(ConfigFiles, TagsReplaceAndDelete) {
  write("base.yaml", "name: x\nweights: {mask: 1, dice: 4}\nclip: 5\n");
  const Training replaced = read("base: base.yaml\nweights: !replace {rank: 1}\nclip: !delete\n");
  EXPECT_EQ(replaced.weights.size(), 1u);
  EXPECT_EQ(replaced.clip, 1.0);
  const Training deleted = read("base: base.yaml\nweights: {mask: !delete }\n");
  EXPECT_EQ(deleted.weights.size(), 1u);
  EXPECT_DOUBLE_EQ(deleted.weights.at("dice"), 4);
}

TEST_F(ConfigFiles, OverridesReachMapsAndLists) {
  const Training t = read("name: x\nstages: [{lr: 1}, {lr: 2}]\n",
                          {"stages.1.lr=0.5", "warm_up.epochs=7", "size=[2, 3]", "name=a=b"});
  EXPECT_DOUBLE_EQ(t.stages[0].lr, 1);
  EXPECT_DOUBLE_EQ(t.stages[1].lr, 0.5);
  EXPECT_EQ(t.warm_up.epochs, 7);
  EXPECT_THAT(t.size, ElementsAre(2, 3));
  EXPECT_EQ(t.name, "a=b");
}

TEST_F(ConfigFiles, WrongOverridesSayWhy) {
  const std::string text = "name: x\nstages: [{lr: 1}]\n";
  EXPECT_EQ(error_of(text, {"stages.1.lr=2"}),
            "--set stages.1.lr=2: there is no item 1 in a list of 1 (the first is 0)");
  EXPECT_THAT(error_of(text, {"stages.x=2"}), HasSubstr("'x' is not an index into a list of 1"));
  EXPECT_THAT(error_of(text, {"name"}), HasSubstr("expected key=value"));
  EXPECT_THAT(error_of(text, {"name.x=1"}), HasSubstr("lies inside 'x'"));
  EXPECT_THAT(error_of(text, {"name=[1"}), HasSubstr("--set name=[1:1:"));
  EXPECT_EQ(error_of(text, {"warm_up.lr=fast"}),
            "--set warm_up.lr=fast: warm_up.lr: expected a number, found 'fast'");
  EXPECT_EQ(error_of(text, {"warm_up.lrr=1"}),
            "--set warm_up.lrr=1: unknown key 'warm_up.lrr' (did you mean 'lr'?)");
}

TEST_F(ConfigFiles, UnknownKeysNameFileLineAndTheNearest) {
  EXPECT_EQ(
      error_of("name: x\nwarm_up:\n  epoch: 3\n"),
      (folder_ / "c.yaml").string() + ":3: unknown key 'warm_up.epoch' (did you mean 'epochs'?)");
}

TEST_F(ConfigFiles, WrongTypesNameFileLineAndBothTypes) {
  const std::string file = (folder_ / "c.yaml").string();
  EXPECT_EQ(error_of("name: x\nflip: yes\n"),
            file + ":2: flip: expected true or false, found 'yes'");
  EXPECT_EQ(error_of("name: x\nsize: [1]\n"),
            file + ":2: size: expected a list of 2, found a list of 1");
  EXPECT_EQ(error_of("name: x\nstages: {lr: 1}\n"),
            file + ":2: stages: expected a list, found a map of 1");
  EXPECT_EQ(error_of("name: x\nstages:\n- epochs: 1.5\n"),
            file + ":3: stages.0.epochs: expected a whole number, found '1.5'");
  EXPECT_THAT(error_of("name: x\nclip: \"5\"\n"),
              HasSubstr("expected a number, found the text \"5\""));
  EXPECT_THAT(error_of("name: [x]\n"), HasSubstr("name: expected text, found a list of 1"));
  EXPECT_THAT(error_of("name: x\nwarm_up: 3\n"),
              HasSubstr("expected a map of keys and values, found '3'"));
  EXPECT_THAT(error_of("name: x\nclip: 1e999\n"), HasSubstr("expected a number, found '1e999'"));
  EXPECT_THAT(error_of("flip: true\n"), HasSubstr("key 'name' is missing"));
}

TEST_F(ConfigFiles, RangesAndChoicesAreChecked) {
  EXPECT_THAT(error_of("name: x\nwarm_up: {epochs: 200}\n"),
              HasSubstr("expected 1 to 100, found 200"));
  EXPECT_THAT(error_of("name: x\nwarm_up: {lr: -1}\n"), HasSubstr("expected at least 0, found -1"));
  EXPECT_THAT(error_of("name: x\nignored: 256\n"),
              HasSubstr("expected a whole number from 0 to 255, found 256"));
  EXPECT_THAT(error_of("name: x\noptimizer: adam\n"),
              HasSubstr("expected one of sgd, adamw, found 'adam' (did you mean 'adamw'?)"));
}

TEST_F(ConfigFiles, BrokenYamlNamesFileAndLine) {
  EXPECT_THAT(error_of("name: x\nsize: [1, 2\nflip: true\n"),
              HasSubstr((folder_ / "c.yaml").string() + ":3:"));
  EXPECT_THAT(error_of("name: x\nname: y\n"), HasSubstr(":2: key 'name' stands twice"));
  EXPECT_THAT(error_of("- 1\n"), HasSubstr("expected a map of keys and values, found a list of 1"));
  EXPECT_THAT(error_of("name: !!python/object x\n"), HasSubstr("means nothing here"));
}

TEST_F(ConfigFiles, CyclesAndMissingBasesAreNamed) {
  write("a.yaml", "base: b.yaml\n");
  write("b.yaml", "base: a.yaml\n");
  const std::string cycle = error_of("base: a.yaml\n");
  const std::string a = (folder_ / "a.yaml").string(), b = (folder_ / "b.yaml").string();
  EXPECT_THAT(cycle, HasSubstr("the bases form a cycle: " + a + " -> " + b + " -> " + a));
  EXPECT_THAT(error_of("name: x\nbase: gone.yaml\n"), HasSubstr("c.yaml:2: base: "));
  EXPECT_THAT(error_of("name: x\nbase: gone.yaml\n"), HasSubstr("gone.yaml"));
  EXPECT_THAT(error_of("base: {a: 1}\n"), HasSubstr("expected a file or a list of files"));
}

TEST_F(ConfigFiles, AliasesThatMultiplyAreRefused) {
  std::string text = "name: &a0 x\n";
  for (int i = 1; i < 30; ++i) text += fmt::format("k{0}: &a{0} [*a{1}, *a{1}]\n", i, i - 1);
  EXPECT_THAT(error_of(text), HasSubstr("nested too deeply or too large"));
}

TEST_F(ConfigFiles, TheResolvedConfigurationLoadsAgain) {
  write("base.yaml", "name: \"7\"\nstages: [{lr: 1}]\nweights: {mask: 1}\n");
  const Config config =
      Config::load(write("c.yaml", "base: base.yaml\nclip: ~\nsize: [1, 2]\n"), {"weights.dice=2"});
  EXPECT_EQ(
      config.dump(),
      "name: \"7\"\nstages:\n  - lr: 1\nweights:\n  mask: 1\n  dice: 2\nclip: ~\nsize: [1, 2]\n");
  config.save(folder_ / "resolved.yaml");
  const Config again = Config::load(folder_ / "resolved.yaml");
  EXPECT_EQ(again.dump(), config.dump());
  EXPECT_EQ(again.read<Training>().name, "7");
}

}  // namespace
}  // namespace tessera
