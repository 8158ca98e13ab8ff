#include "tessera/data/loader/loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <set>

#include "tessera/core/error.h"
#include "tessera/core/interrupt.h"

namespace tessera {
namespace {

/// Small pictures of random size and colour; some fail, some are rejected.
class RandomClips : public ClipSource {
 public:
  explicit RandomClips(std::size_t size) : size_(size) {}

  std::size_t size() const override { return size_; }
  std::string name(std::size_t index) const override { return "frame" + std::to_string(index); }
  Size picture_size(std::size_t index) const override {
    return index % 3 == 0 ? Size{4, 9} : Size{9, 4};
  }
  std::optional<Clip> load(std::size_t index, const Random& random, StageTimes&) const override {
    ++loaded_;
    if (broken_.contains(index)) fail("truncated picture");
    if (useless_.contains(index)) return std::nullopt;
    Random stream = random;
    Frame frame;
    frame.key.name = name(index);
    const Size size{static_cast<int>(stream.uniform_int(3, 9)), 4};
    frame.image = Image(size, 3, static_cast<std::uint8_t>(stream.uniform_int(0, 255)));
    frame.semantic = LabelMap(size, 1, 2);
    frame.ids = IdMap(size, 1, 5);
    frame.objects = {{.category = 1, .track_id = 3, .id = 5}};
    return Clip{frame};
  }

  std::set<std::size_t> broken_, useless_;
  mutable std::atomic<int> loaded_ = 0;

 private:
  std::size_t size_;
};

LoaderOptions options_with(int workers) {
  LoaderOptions options;
  options.sampler = {.seed = 11, .batch_size = 3};
  options.collate.divisor = 8;
  options.workers = workers;
  return options;
}

TEST(Loader, BatchesAreTheSameForAnyNumberOfWorkers) {
  RandomClips source(14);
  source.useless_ = {2, 9};
  Loader one(source, options_with(1)), four(source, options_with(4));
  for (int i = 0; i < 13; ++i) {
    const Batch a = one.next(), b = four.next();
    EXPECT_EQ(a.size, b.size);
    EXPECT_EQ(a.pixels, b.pixels);
    ASSERT_EQ(a.frames.size(), 3u);
    for (std::size_t k = 0; k < 3; ++k) {
      EXPECT_EQ(a.frames[k].key.name, b.frames[k].key.name);
      EXPECT_NE(a.frames[k].key.name, "frame2");
    }
  }
  EXPECT_EQ(one.position(), (LoaderPosition{3, 1, 0}));
  EXPECT_EQ(one.statistics().frames, 39);
}

TEST(Loader, GoesOnFromASavedPosition) {
  const RandomClips source(14);
  Loader whole(source, options_with(2));
  for (int i = 0; i < 6; ++i) whole.next();
  Loader resumed(source, options_with(3), whole.position());
  for (int i = 0; i < 5; ++i) EXPECT_EQ(whole.next().pixels, resumed.next().pixels);
}

TEST(Loader, PacksLabelsAndPadding) {
  const RandomClips source(3);
  Loader loader(source, options_with(1));
  const Batch batch = loader.next();
  EXPECT_EQ(batch.size.height, 8);
  EXPECT_EQ(batch.size.width % 8, 0);
  EXPECT_EQ(batch.pixels.size(), 3u * 3 * batch.size.width * batch.size.height);
  const BatchFrame& frame = batch.frames[0];
  EXPECT_EQ(frame.record.pad_size, batch.size);
  EXPECT_EQ(frame.semantic.at(0, 3), 2);
  EXPECT_EQ(frame.semantic.at(0, 4), 255);
  ASSERT_EQ(frame.masks.size(), static_cast<std::size_t>(batch.size.width) * batch.size.height);
  EXPECT_EQ(frame.masks[0], 1);
  EXPECT_EQ(frame.masks[4 * batch.size.width], 0);
}

TEST(Loader, MemoryIsBoundedByThePrefetch) {
  const RandomClips source(30);
  LoaderOptions options = options_with(4);
  options.prefetch = 2;
  {
    Loader loader(source, options);
    loader.next();
  }
  EXPECT_LE(source.loaded_, 3 * (1 + 2));
}

TEST(Loader, ReplacesUnreadableSamplesUpToALimit) {
  RandomClips source(9);
  source.broken_ = {4};
  LoaderOptions options = options_with(2);
  options.max_skipped = 20;
  std::vector<std::string> skipped;
  options.on_skip = [&](const SkippedSample& sample) { skipped.push_back(sample.reason); };
  Loader loader(source, options);
  for (int i = 0; i < 3; ++i)
    for (const BatchFrame& frame : loader.next().frames) EXPECT_NE(frame.key.name, "frame4");
  ASSERT_FALSE(skipped.empty());
  EXPECT_EQ(skipped[0], "frame4: truncated picture");
  EXPECT_EQ(loader.position().skipped, static_cast<std::int64_t>(skipped.size()));
}

TEST(Loader, AnUnreadableSampleIsAnErrorWithItsName) {
  RandomClips source(9);
  source.broken_ = {4};
  Loader loader(source, options_with(2));
  try {
    for (int i = 0; i < 3; ++i) loader.next();
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "frame4: truncated picture (unreadable samples: 1, allowed: 0)");
  }
}

TEST(Loader, NothingUsableIsAnError) {
  RandomClips source(3);
  source.useless_ = {0, 1, 2};
  Loader loader(source, options_with(1));
  EXPECT_THAT([&] { loader.next(); }, testing::ThrowsMessage<Error>(testing::HasSubstr(
                                          "that the sequences are as long as a clip")));
}

TEST(Loader, RefusesAnEmptyDatasetAndBatchesThatCannotBe) {
  const RandomClips empty(0), two(2);
  EXPECT_THROW(Loader(empty, options_with(1)), Error);
  EXPECT_THROW(Loader(two, options_with(1)), Error);
}

/// 42 when Ctrl-C in the middle of loading ended it, all workers joined.
int load_until_interrupted() {
  install_interrupt_handler();
  const RandomClips source(14);
  try {
    Loader loader(source, options_with(2));
    loader.next();
    std::raise(SIGINT);
    for (int i = 0; i < 1000; ++i) loader.next();
  } catch (const Interrupted&) {
    return 42;
  }
  return 0;
}

TEST(LoaderDeathTest, InterruptEndsLoading) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(std::_Exit(load_until_interrupted()), ::testing::ExitedWithCode(42), "");
}

TEST(Loader, UprightAndLyingPicturesDoNotMeet) {
  RandomClips source(18);
  source.useless_ = {3, 4, 7, 9};  // their replacements stay in the group
  LoaderOptions options = options_with(2);
  options.group_by_aspect = true;
  Loader loader(source, options);
  for (std::uint64_t i = 0; i < loader.batches_per_epoch(); ++i) {
    const Batch batch = loader.next();
    std::set<bool> upright;
    for (const BatchFrame& frame : batch.frames)
      upright.insert(std::stoi(frame.key.name.substr(5)) % 3 == 0);
    EXPECT_EQ(upright.size(), 1u);
  }
}

}  // namespace
}  // namespace tessera
