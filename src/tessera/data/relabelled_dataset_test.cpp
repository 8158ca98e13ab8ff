#include "tessera/data/relabelled_dataset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tessera/core/error.h"

namespace tessera {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr Size kSize = {8, 4};

/// One sample: a row of segments, two pixels wide each, of the classes in turn, or the same as
/// instances.
class Stripes : public Dataset {
 public:
  explicit Stripes(bool instances) : instances_(instances) {
    classes_ = {{1, "cat", true}, {2, "dog", true}, {3, "grass", false}, {4, "bus", true}};
    frames_ = {{{"", 0, "stripes"}, "stripes.png"}};
  }
  Sample load(std::size_t) const override {
    Sample sample;
    sample.image = Image(kSize, 3);
    PanopticMap map{IdMap(kSize, 1), {}};
    sample.semantic = LabelMap(kSize, 1);
    for (int x = 0; x < 8; ++x)
      for (int y = 0; y < 4; ++y) {
        map.ids.at(x, y) = static_cast<std::uint32_t>(x / 2 + 1);
        sample.semantic->at(x, y) = static_cast<std::uint8_t>(x / 2);
      }
    for (int i = 0; i < 4; ++i) {
      const auto id = static_cast<std::uint32_t>(i + 1);
      map.segments.push_back({.id = id, .category = i, .track_id = i, .area = 8});
      if (instances_) {
        Instance instance;
        instance.category = i;
        instance.track_id = i;
        instance.mask = rle_encode(map.ids, id);
        sample.instances.push_back(std::move(instance));
      }
    }
    if (!instances_) sample.panoptic = std::move(map);
    return sample;
  }

 private:
  bool instances_;
};

std::unique_ptr<Dataset> stripes(const ClassMapping& mapping, bool instances = false) {
  return relabel(std::make_unique<Stripes>(instances), mapping);
}

TEST(RelabelledDataset, RenamesDropsAndIgnores) {
  const ClassMapping mapping{
      .names = {"animal", "other"}, .from = {{"dog", "animal"}}, .ignored = {"bus"}};
  const auto dataset = stripes(mapping);
  ASSERT_EQ(dataset->classes().size(), 2u);
  EXPECT_EQ(dataset->classes()[0].name, "animal");
  const Sample sample = dataset->load(0);
  ASSERT_EQ(sample.panoptic->segments.size(), 1u);
  EXPECT_EQ(sample.panoptic->segments[0].category, 0);
  EXPECT_EQ(sample.panoptic->segments[0].track_id, 1);
  EXPECT_EQ(sample.panoptic->ids.at(0, 0), 0u);
  EXPECT_EQ(sample.panoptic->ids.at(2, 0), 2u);
  ASSERT_TRUE(sample.ignored);
  EXPECT_EQ(sample.ignored->at(7, 0), 1);
  EXPECT_EQ(sample.ignored->at(2, 0), 0);
  EXPECT_EQ(sample.semantic->at(2, 0), 0);
  EXPECT_EQ(sample.semantic->at(0, 0), 255);
  EXPECT_EQ(sample.semantic->at(7, 0), 255);
}

TEST(RelabelledDataset, AStarStandsForAllOtherThings) {
  const ClassMapping mapping{.names = {"dog", "object"}, .from = {{"*", "object"}, {"dog", "dog"}}};
  const Sample sample = stripes(mapping, /*instances=*/true)->load(0);
  std::vector<int> categories;
  for (const Instance& instance : sample.instances) categories.push_back(instance.category);
  EXPECT_EQ(categories, (std::vector<int>{1, 0, 1}));  // grass is stuff
  EXPECT_FALSE(sample.ignored);
}

TEST(RelabelledDataset, SmallObjectsGoAndTheSmallestOfManyAreIgnored) {
  ClassMapping mapping{.names = {"object"}, .from = {{"*", "object"}}, .most_objects = 2};
  const Sample two = stripes(mapping, /*instances=*/true)->load(0);
  EXPECT_EQ(two.instances.size(), 2u);
  EXPECT_EQ(std::ranges::count(two.ignored->values(), 1), 8);
  mapping.least_area = 9;
  EXPECT_TRUE(stripes(mapping, /*instances=*/true)->load(0).instances.empty());
}

TEST(RelabelledDataset, ClassesOfNeitherSideAreNamed) {
  EXPECT_THAT(
      [] {
        stripes({.names = {"a"}, .from = {{"cot", "a"}}});
      },
      ThrowsMessage<Error>(
          AllOf(HasSubstr("the dataset has no class 'cot'"), HasSubstr("did you mean 'cat'?"))));
  EXPECT_THAT(
      [] {
        stripes({.names = {"a"}, .from = {{"cat", "b"}}});
      },
      ThrowsMessage<Error>(HasSubstr("the list has no class 'b'")));
}

}  // namespace
}  // namespace tessera
