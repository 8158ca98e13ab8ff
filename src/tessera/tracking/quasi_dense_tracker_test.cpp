#include "tessera/tracking/quasi_dense_tracker.h"

#include <gtest/gtest.h>

#include "tessera/core/error.h"

namespace tessera {
namespace {

TrackedDetection car(float left, float score, std::vector<float> embedding, int label = 0) {
  return {{left, 0, left + 10, 10}, score, label, std::move(embedding)};
}

const std::vector<float> kRed = {8, 0, 0}, kGreen = {0, 8, 0}, kBlue = {0, 0, 8};

TEST(QuasiDenseTracker, KeepsIdentitiesThatSwapPlaces) {
  QuasiDenseTracker tracker;
  const std::vector<TrackedDetection> first = {car(0, 0.9F, kRed), car(50, 0.8F, kGreen)};
  const std::vector<TrackedDetection> second = {car(0, 0.9F, kGreen), car(50, 0.8F, kRed)};
  EXPECT_EQ(tracker.match(first, 0).ids, (std::vector<std::int64_t>{0, 1}));
  EXPECT_EQ(tracker.match(second, 1).ids, (std::vector<std::int64_t>{1, 0}));
}

TEST(QuasiDenseTracker, AClassKeepsToItself) {
  QuasiDenseTracker tracker;
  tracker.match(std::vector{car(0, 0.9F, kRed, 0)}, 0);
  EXPECT_EQ(tracker.match(std::vector{car(0, 0.9F, kRed, 1)}, 1).ids,
            (std::vector<std::int64_t>{1}));
}

TEST(QuasiDenseTracker, ALostTrackIsForgottenAndItsIdNotUsedAgain) {
  QuasiDenseTracker tracker;
  const auto red = car(0, 0.9F, kRed), green = car(50, 0.8F, kGreen), blue = car(0, 0.9F, kBlue);
  tracker.match(std::vector{red, green}, 0);
  tracker.match(std::vector{green}, 4);
  EXPECT_EQ(tracker.tracks().size(), 2U);
  tracker.match(std::vector{green}, 5);
  EXPECT_EQ(tracker.tracks().size(), 1U);
  EXPECT_EQ(tracker.match(std::vector{red, green}, 6).ids, (std::vector<std::int64_t>{2, 1}));
}

TEST(QuasiDenseTracker, TheBestPairsMatchFirstWhereAsked) {
  QuasiDenseTrackerOptions options;
  options.similarity = QuasiDenseTrackerOptions::Similarity::kCosine;
  const std::vector<TrackedDetection> first = {car(0, 0.9F, {1, 0})};
  const std::vector<TrackedDetection> second = {car(0, 0.9F, {0.8F, 0.6F}), car(50, 0.8F, {1, 0})};
  for (const bool best_pairs_first : {false, true}) {
    options.best_pairs_first = best_pairs_first;
    QuasiDenseTracker tracker(options);
    tracker.match(first, 0);
    EXPECT_EQ(tracker.match(second, 1).ids, best_pairs_first ? (std::vector<std::int64_t>{1, 0})
                                                             : (std::vector<std::int64_t>{0, 1}));
  }
}

TEST(QuasiDenseTracker, AmongLikesTheNearestTakesTheTrackWhereOverlapCounts) {
  QuasiDenseTrackerOptions options;
  options.similarity = QuasiDenseTrackerOptions::Similarity::kCosine;
  const std::vector<TrackedDetection> first = {car(0, 0.9F, kRed), car(50, 0.8F, kRed)};
  const std::vector<TrackedDetection> second = {car(52, 0.9F, kRed), car(2, 0.8F, kRed)};
  for (const float overlap_weight : {0.0F, 1.0F}) {
    options.overlap_weight = overlap_weight;
    QuasiDenseTracker tracker(options);
    tracker.match(first, 0);
    EXPECT_EQ(tracker.match(second, 1).ids, overlap_weight > 0 ? (std::vector<std::int64_t>{1, 0})
                                                               : (std::vector<std::int64_t>{0, 1}));
  }
}

TEST(QuasiDenseTracker, WhoPassEachOtherGoOnTheirWaysWhereBoxesMove) {
  QuasiDenseTrackerOptions options;
  options.similarity = QuasiDenseTrackerOptions::Similarity::kCosine;
  options.overlap_weight = 1;
  options.best_pairs_first = true;
  const auto frame = [](float a, float b) {
    return std::vector{car(a, 0.9F, kRed), car(b, 0.8F, kRed)};
  };
  for (const bool move_boxes : {false, true}) {
    options.move_boxes = move_boxes;
    QuasiDenseTracker tracker(options);
    tracker.match(frame(0, 18), 0);
    EXPECT_EQ(tracker.match(frame(6, 12), 1).ids, (std::vector<std::int64_t>{0, 1}));
    // The first is at 12 now and the second at 6.
    EXPECT_EQ(tracker.match(frame(12, 6), 2).ids,
              move_boxes ? (std::vector<std::int64_t>{0, 1}) : (std::vector<std::int64_t>{1, 0}));
  }
}

// With one track and one detection both shares of the similarity are 1, whatever they look like.
TEST(QuasiDenseTracker, ALoneDetectionTakesTheLoneTrack) {
  QuasiDenseTracker tracker;
  tracker.match(std::vector{car(0, 0.9F, kRed)}, 0);
  EXPECT_EQ(tracker.match(std::vector{car(0, 0.9F, kBlue)}, 1).ids.front(), 0);
}

TEST(QuasiDenseTracker, DuplicatesAreDroppedAndTheOthersKeepTheirPlace) {
  QuasiDenseTracker tracker;
  const std::vector<TrackedDetection> detections = {car(0, 0.5F, kRed), car(50, 0.9F, kGreen),
                                                    car(51, 0.8F, kGreen)};
  const TrackMatches matches = tracker.match(detections, 0);
  EXPECT_EQ(matches.kept, (std::vector<std::size_t>{1, 0}));
  EXPECT_EQ(matches.ids, (std::vector<std::int64_t>{0, 1}));
}

TEST(QuasiDenseTracker, AWeakDetectionNeitherTakesNorStartsATrack) {
  QuasiDenseTracker tracker;
  tracker.match(std::vector{car(0, 0.9F, kRed)}, 0);
  const auto matches = tracker.match(std::vector{car(0, 0.25F, kRed), car(50, 0.33F, kGreen)}, 1);
  EXPECT_EQ(matches.ids,
            (std::vector<std::int64_t>{TrackMatches::kUntracked, TrackMatches::kWeak}));
  EXPECT_EQ(tracker.backdrops().front().size(), 1U);
}

TEST(QuasiDenseTracker, NothingSeenMakesNoTrouble) {
  QuasiDenseTracker tracker;
  EXPECT_TRUE(tracker.match({}, 0).ids.empty());
  tracker.match(std::vector{car(0, 0.9F, kRed)}, 1);
  EXPECT_TRUE(tracker.match({}, 2).ids.empty());
  EXPECT_EQ(tracker.tracks().size(), 1U);
}

TEST(QuasiDenseTracker, GoesOnFromAState) {
  QuasiDenseTracker tracker, other;
  tracker.match(std::vector{car(0, 0.9F, kRed), car(50, 0.33F, kGreen)}, 0);
  other.restore(tracker.state());
  const std::vector<TrackedDetection> next = {car(0, 0.9F, kGreen), car(50, 0.8F, kRed)};
  EXPECT_EQ(tracker.match(next, 1).ids, other.match(next, 1).ids);
}

TEST(QuasiDenseTracker, RefusesEmbeddingsOfDifferentSizes) {
  QuasiDenseTracker tracker;
  EXPECT_THROW(tracker.match(std::vector{car(0, 0.9F, kRed), car(50, 0.9F, {1})}, 0), Error);
}

}  // namespace
}  // namespace tessera
