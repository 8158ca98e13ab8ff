// Which sample stands where is compared with the official code by tests/parity (vishv).
#include "tessera/data/loader/mixed_clips.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "tessera/core/error.h"

namespace tessera {
namespace {

/// Samples that say where they are from; the useless ones are rejected.
class NamedClips : public ClipSource {
 public:
  NamedClips(std::string source, std::size_t size, std::set<std::size_t> useless = {})
      : source_(std::move(source)), size_(size), useless_(std::move(useless)) {}
  std::size_t size() const override { return size_; }
  std::string name(std::size_t index) const override { return source_ + std::to_string(index); }
  Size picture_size(std::size_t) const override { return {8, 4}; }
  std::optional<Clip> load(std::size_t index, const Random&, StageTimes&) const override {
    if (useless_.contains(index)) return std::nullopt;
    return Clip{Frame{.key = {source_, 0, name(index)}}};
  }

 private:
  std::string source_;
  std::size_t size_;
  std::set<std::size_t> useless_;
};

MixedClips mix(std::set<std::size_t> useless = {}) {
  std::vector<MixedClips::Part> parts;
  parts.push_back({0.25, std::make_unique<NamedClips>("still", 100)});
  parts.push_back({0.75, std::make_unique<NamedClips>("video", 10, std::move(useless))});
  return MixedClips(std::move(parts), 40);
}

TEST(MixedClips, EverySourceHasItsShare) {
  const MixedClips clips = mix();
  ASSERT_EQ(clips.size(), 40u);
  std::map<std::string, int> count;
  for (std::size_t i = 0; i < clips.size(); ++i) ++count[clips.name(i)];
  int stills = 0;
  for (const auto& [name, times] : count) {
    if (name.starts_with("still")) {
      ++stills;
      EXPECT_EQ(times, 1);
    } else {
      EXPECT_EQ(times, 3);
    }
  }
  EXPECT_EQ(stills, 10);
  EXPECT_EQ(count.size(), 20u);
}

TEST(MixedClips, WhatIsRejectedIsReplacedFromTheSameSource) {
  const MixedClips clips = mix({0, 1, 2, 3, 4, 5, 6, 7, 8});
  StageTimes times;
  for (std::size_t i = 0; i < clips.size(); ++i) {
    const auto clip = clips.load(i, Random(i), times);
    ASSERT_TRUE(clip);
    const bool is_video = clips.name(i).starts_with("video");
    EXPECT_EQ(clip->front().key.sequence, is_video ? "video" : "still");
    if (is_video) {
      EXPECT_EQ(clip->front().key.name, "video9");
    }
  }
}

TEST(MixedClips, ASourceOfNoUseIsGivenUp) {
  const MixedClips clips = mix({0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  StageTimes times;
  for (std::size_t i = 0; i < clips.size(); ++i)
    EXPECT_EQ(clips.load(i, Random(i), times).has_value(), clips.name(i).starts_with("still"));
}

TEST(MixSamples, SharesMustAddUpToOne) {
  EXPECT_THROW(mix_samples({5, 5}, {0.5, 0.4}, 10), Error);
  EXPECT_THROW(mix_samples({5, 0}, {0.5, 0.5}, 10), Error);
  EXPECT_EQ(mix_samples({5, 0}, {1, 0}, 10).size(), 10u);
}

}  // namespace
}  // namespace tessera
