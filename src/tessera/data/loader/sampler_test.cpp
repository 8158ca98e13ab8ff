#include "tessera/data/loader/sampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "tessera/core/error.h"

namespace tessera {
namespace {

Indices flat(const std::vector<Indices>& batches) {
  Indices all;
  for (const Indices& batch : batches) all.insert(all.end(), batch.begin(), batch.end());
  return all;
}

TEST(EpochBatches, CoverEverySampleOnceInAnOrderOfTheEpoch) {
  const SamplerOptions options{.seed = 4, .batch_size = 5};
  Indices first = flat(epoch_batches(20, {}, options, 0));
  const Indices second = flat(epoch_batches(20, {}, options, 1));
  EXPECT_EQ(first, flat(epoch_batches(20, {}, options, 0)));
  EXPECT_NE(first, second);
  std::ranges::sort(first);
  Indices all(20);
  std::iota(all.begin(), all.end(), 0);
  EXPECT_EQ(first, all);
}

TEST(EpochBatches, ProcessesShareNothingAndGetEquallyMany) {
  std::set<std::size_t> seen;
  for (int rank = 0; rank < 3; ++rank) {
    const auto batches = epoch_batches(23, {}, {.batch_size = 2, .rank = rank, .world = 3}, 7);
    EXPECT_EQ(batches.size(), 3u);
    for (const std::size_t index : flat(batches)) EXPECT_TRUE(seen.insert(index).second);
  }
  EXPECT_EQ(seen.size(), 18u);
}

TEST(EpochBatches, GroupsDoNotMeet) {
  std::vector<int> groups(31);
  for (std::size_t i = 0; i < groups.size(); ++i) groups[i] = i % 3 == 0;
  const auto batches =
      epoch_batches(31, groups, {.batch_size = 4, .last_batch = LastBatch::kFill}, 0);
  EXPECT_EQ(batches.size(), 8u);  // 11 and 20 samples: 3 and 5 batches
  for (const Indices& batch : batches) {
    EXPECT_EQ(batch.size(), 4u);
    for (const std::size_t index : batch) EXPECT_EQ(groups[index], groups[batch[0]]);
  }
  const Indices all = flat(batches);
  EXPECT_EQ(std::set<std::size_t>(all.begin(), all.end()).size(), 31u);
}

TEST(EpochBatches, TheLastBatchIsDroppedOrKept) {
  EXPECT_EQ(epoch_batches(10, {}, {.batch_size = 4}, 0).size(), 2u);
  const auto kept =
      epoch_batches(10, {}, {.shuffle = false, .batch_size = 4, .last_batch = LastBatch::kKeep}, 0);
  ASSERT_EQ(kept.size(), 3u);
  EXPECT_EQ(kept[2], (Indices{8, 9}));
}

TEST(EpochBatches, RefusesWrongOptions) {
  EXPECT_THROW(epoch_batches(10, {}, {.batch_size = 0}, 0), Error);
  EXPECT_THROW(epoch_batches(10, {}, {.rank = 2, .world = 2}, 0), Error);
  EXPECT_THROW(epoch_batches(10, {1, 2}, {}, 0), Error);
}

/// Two sequences; the first lacks frame 3.
class TwoSequences : public Dataset {
 public:
  TwoSequences() {
    for (const int frame : {0, 1, 2, 4, 5}) add("a", frame);
    for (const int frame : {0, 1}) add("b", frame);
  }
  Sample load(std::size_t) const override { return {}; }

 private:
  void add(const char* sequence, int frame) {
    frames_.push_back(
        {.key = {sequence, frame, sequence + std::to_string(frame)}, .image_path = {}});
  }
};

std::set<std::string> references(std::size_t key, const ReferenceWindow& window) {
  const TwoSequences dataset;
  std::set<std::string> names;
  Random random(1);
  for (int i = 0; i < 200; ++i) {
    const auto index = choose_reference(dataset, key, window, random);
    names.insert(index ? dataset.frames()[*index].key.name : "none");
  }
  return names;
}

TEST(ChooseReference, StaysInWindowAndSequence) {
  using Names = std::set<std::string>;
  EXPECT_EQ(references(2, {-2, 2}), (Names{"a0", "a1", "a4"}));
  EXPECT_EQ(references(2, {-2, 0}), (Names{"a0", "a1"}));
  EXPECT_EQ(references(2, {-1, 1}), (Names{"a1"}));
  EXPECT_EQ(references(2, {-3, 3}), (Names{"a0", "a1", "a4", "a5"}));
  EXPECT_EQ(references(5, {-2, 2}), (Names{"b1"}));
  EXPECT_EQ(references(5, {-2, 0}), (Names{"none"}));
}

TEST(ChooseReference, OfficialKittiDrawsBeyondTheBorderToo) {
  EXPECT_EQ(references(5, {-2, 2, false}), (std::set<std::string>{"b1", "none"}));
}

TEST(ChooseClip, TakesFramesInOrderOfTimeFromOneSequence) {
  const TwoSequences dataset;
  EXPECT_EQ(choose_clip(dataset, 2, {-2, 2}), (Indices{0, 1, 2, 3, 4}));
  EXPECT_EQ(choose_clip(dataset, 2, {-2, 0}), (Indices{0, 1, 2}));
  EXPECT_EQ(choose_clip(dataset, 3, {-2, 2}), std::nullopt);
  EXPECT_EQ(choose_clip(dataset, 1, {-2, 2}), std::nullopt);
  EXPECT_EQ(choose_clip(dataset, 5, {0, 1}), (Indices{5, 6}));
  EXPECT_EQ(choose_clip(dataset, 6, {0, 1}), std::nullopt);
}

TEST(ChooseClip, SpreadsFramesAndRoundsHalfToEven) {
  const TwoSequences dataset;
  EXPECT_EQ(choose_clip(dataset, 0, {0, 4, 3}), (Indices{0, 2, 4}));
  EXPECT_EQ(choose_clip(dataset, 0, {0, 3, 3}), (Indices{0, 2, 3}));  // 1.5 becomes 2
  EXPECT_EQ(choose_clip(dataset, 0, {0, 1, 3}), (Indices{0, 0, 1}));  // 0.5 becomes 0
  EXPECT_EQ(choose_clip(dataset, 0, {0, 4, 1}), (Indices{0}));
  EXPECT_THROW(choose_clip(dataset, 0, {2, 1}), Error);
}

TEST(ChooseReference, IsTheKeyFrameItselfWhereThereIsNoOther) {
  using Names = std::set<std::string>;
  const ReferenceWindow before{.first = -1, .last = -1, .else_itself = true};
  EXPECT_EQ(references(0, before), (Names{"a0"}));
  EXPECT_EQ(references(1, before), (Names{"a0"}));
  EXPECT_EQ(references(5, before), (Names{"b0"}));  // not the other video's last
  EXPECT_EQ(references(6, before), (Names{"b0"}));
}

TEST(VideosOfObjects, LeaveOutEmptyFramesAndAreCutWhereManyFollowEachOther) {
  const std::vector<SequenceInfo> sequences = {{"a", 0, 12}, {"b", 12, 3}, {"c", 15, 2}};
  std::vector<bool> has_objects(17, true);
  for (const int empty : {0, 2, 3, 6, 7, 8, 13, 15, 16}) has_objects[empty] = false;
  EXPECT_EQ(videos_of_objects(sequences, has_objects, 0),
            (std::vector<Indices>{{1, 4, 5, 9, 10, 11}, {12, 14}}));
  EXPECT_EQ(videos_of_objects(sequences, has_objects, 3),
            (std::vector<Indices>{{1, 4, 5}, {9, 10, 11}, {12, 14}}));
  EXPECT_EQ(videos_of_objects(sequences, has_objects, 2),
            (std::vector<Indices>{{1}, {4, 5}, {9, 10, 11}, {12, 14}}));
}

TEST(ChooseClip, CountsTheFramesThatAVideoHasKept) {
  const Indices video = {1, 4, 5, 9};
  EXPECT_EQ(choose_clip(video, 0, {0, 2, 2}), (Indices{1, 5}));
  EXPECT_EQ(choose_clip(video, 1, {0, 2}), (Indices{4, 5, 9}));
  EXPECT_EQ(choose_clip(video, 2, {0, 2}), std::nullopt);
  EXPECT_EQ(choose_clip(video, 0, {-1, 0}), std::nullopt);
}

TEST(ChooseReference, RefusesAnEmptyWindow) {
  EXPECT_THROW(references(0, {0, 0}), Error);
  EXPECT_THROW(references(0, {2, 1}), Error);
}

}  // namespace
}  // namespace tessera
