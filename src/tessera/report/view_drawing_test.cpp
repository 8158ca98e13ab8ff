#include "tessera/report/view_drawing.h"

#include <gtest/gtest.h>

namespace tessera {
namespace {

constexpr int kCar = 3, kRoad = 0;

Segment segment(int category, std::int64_t track) {
  Segment segment;
  segment.category = category;
  segment.track_id = track;
  return segment;
}

/// One line of pixels; ids above 10 are cars, 1 is road.
PanopticMap line(const std::vector<std::uint32_t>& ids) {
  IdMap map({static_cast<int>(ids.size()), 1}, 1);
  std::copy(ids.begin(), ids.end(), map.values().begin());
  return describe_ids(std::move(map), [](std::uint32_t id) {
    return id > 10 ? segment(kCar, id) : segment(kRoad, -1);
  });
}

Color pixel(const Image& image, int x) {
  return {image.at(x, 0, 0), image.at(x, 0, 1), image.at(x, 0, 2)};
}

class ViewDrawing : public ::testing::Test {
 protected:
  ViewDrawing() { pairs_.add(view_); }

  const FrameView view_{"", line({11, 11, 11, 12, 12, 12, 1, 0}),
                        line({21, 21, 22, 22, 22, 1, 1, 21}), false};
  ObjectPairs pairs_;
};

TEST_F(ViewDrawing, APredictionHasTheColourOfTheObjectItStandsFor) {
  EXPECT_EQ(pairs_.truth_of(21), 11u);
  EXPECT_EQ(pairs_.truth_of(1), 0u) << "stuff stands for no object";
  const Image truth = draw_truth(view_), prediction = draw_prediction(view_, pairs_);
  EXPECT_EQ(pixel(prediction, 0), pixel(truth, 0));
  EXPECT_NE(pixel(truth, 0), pixel(truth, 3));
  EXPECT_EQ(pixel(prediction, 5), pixel(truth, 6)) << "stuff has the colour of its class";
  EXPECT_EQ(pixel(truth, 7), Color{}) << "not judged";
}

TEST_F(ViewDrawing, TheStreetHasCityscapesColours) {
  EXPECT_EQ(pixel(draw_truth({"", line({1}), line({1}), true}), 0), (Color{128, 64, 128}));
}

TEST_F(ViewDrawing, AnUnpairedPredictionHasAColourOfItsOwn) {
  ObjectPairs none;
  const FrameView same_numbers{"", line({11}), line({11}), false};
  EXPECT_NE(pixel(draw_truth(same_numbers), 0), pixel(draw_prediction(same_numbers, none), 0));
}

TEST_F(ViewDrawing, TheDifferenceTellsClassesFromObjects) {
  const Difference difference = draw_difference(view_, pairs_);
  const Color right = pixel(difference.picture, 0);
  EXPECT_EQ(pixel(difference.picture, 1), right);
  const Color other_object = pixel(difference.picture, 2);
  EXPECT_NE(other_object, right);
  EXPECT_EQ(pixel(difference.picture, 3), right) << "22 stands for 12";
  const Color other_class = pixel(difference.picture, 5);
  EXPECT_NE(other_class, right);
  EXPECT_NE(other_class, other_object);
  EXPECT_EQ(pixel(difference.picture, 6), right);
  EXPECT_EQ(pixel(difference.picture, 7), (Color{255, 255, 255}));
  EXPECT_DOUBLE_EQ(difference.wrong, 2.0 / 7);
}

TEST_F(ViewDrawing, PairsAreThoseOfAllFramesTogether) {
  ObjectPairs pairs;
  pairs.add({"", line({11, 11}), line({21, 21}), false});
  pairs.add({"", line({11, 11, 11}), line({22, 22, 22}), false});
  EXPECT_EQ(pairs.truth_of(22), 11u);
  EXPECT_EQ(pairs.truth_of(21), 0u);
}

}  // namespace
}  // namespace tessera
