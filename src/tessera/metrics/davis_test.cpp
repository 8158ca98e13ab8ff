#include "tessera/metrics/davis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/core/random.h"
#include "tessera/image/image_io.h"
#include "tessera/metrics/boundary.h"
#include "test_support.h"

namespace tessera {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

LabelMap random_labels(std::uint64_t seed, Size size, int largest) {
  Random random(seed);
  LabelMap labels(size, 1);
  for (int i = 0; i < 12; ++i) {
    const int x0 = static_cast<int>(random.uniform_int(0, size.width - 1));
    const int y0 = static_cast<int>(random.uniform_int(0, size.height - 1));
    const auto label = static_cast<std::uint8_t>(random.uniform_int(0, largest));
    for (int y = y0; y < std::min(size.height, y0 + 9); ++y)
      for (int x = x0; x < std::min(size.width, x0 + 14); ++x) labels.at(x, y) = label;
  }
  return labels;
}

/// The definition, pixel by pixel: which boundary pixels have one of the other outline within the
/// radius.
double share_near(const MaskOutline& a, const MaskOutline& b, Size size, int radius) {
  int within = 0;
  for (const int p : a.boundary) {
    bool found = false;
    for (const int q : b.boundary) {
      const int dx = p % size.width - q % size.width, dy = p / size.width - q / size.width;
      found = found || dx * dx + dy * dy <= radius * radius;
    }
    within += found;
  }
  return static_cast<double>(within) / static_cast<double>(a.boundary.size());
}

TEST(Boundary, DilationIsTheDisk) {
  const Size size{60, 40};
  for (int radius = 1; radius <= 5; ++radius) {
    const MaskOutline a = outline_of(random_labels(1, size, 2), 1, radius);
    const MaskOutline b = outline_of(random_labels(2, size, 2), 1, radius);
    const double precision = share_near(a, b, size, radius),
                 recall = share_near(b, a, size, radius);
    EXPECT_DOUBLE_EQ(boundary_f(a, b), 2 * precision * recall / (precision + recall)) << radius;
  }
}

TEST(Boundary, EmptyMasks) {
  const LabelMap empty({8, 8}, 1);
  LabelMap one({8, 8}, 1);
  one.at(3, 3) = 1;
  const MaskOutline none = outline_of(empty, 1, 1), some = outline_of(one, 1, 1);
  EXPECT_EQ(boundary_f(none, none), 1.0);
  EXPECT_EQ(boundary_f(none, some), 0.0);
  EXPECT_EQ(boundary_f(some, none), 0.0);
  EXPECT_EQ(boundary_radius({854, 480}), 8);
}

TEST(Davis, StatisticsOfALongSequenceAreRight) {
  std::vector<double> values(1001);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = 1.0 - static_cast<double>(i) / 1000;
  const DavisStatistics statistics = davis_statistics(values);
  EXPECT_NEAR(statistics.mean, 0.5, 1e-12);
  EXPECT_NEAR(statistics.recall, 500.0 / 1001, 1e-12);
  EXPECT_NEAR(statistics.decay, 0.75, 1e-12);
}

TEST(Davis, AProposalThatComesLateWasNowhereBefore) {
  LabelMap truth({20, 20}, 1), late({20, 20}, 1);
  truth.at(5, 5) = 1;
  late.at(5, 5) = 2;
  DavisSequence sequence(DavisTask::kUnsupervised, 1);
  sequence.add(truth, LabelMap({20, 20}, 1));
  sequence.add(truth, late);
  const std::vector<DavisObject> scores = sequence.scores();
  ASSERT_EQ(scores.size(), 1u);
  EXPECT_EQ(scores[0].j, (std::vector<double>{0, 1}));
}

TEST(Davis, VoidPixelsAreLeftOutOfTheUnsupervisedTaskOnly) {
  LabelMap truth({20, 20}, 1, 1), prediction({20, 20}, 1, 1);
  for (int x = 0; x < 20; ++x) truth.at(x, 0) = kDavisVoid;
  DavisSequence unsupervised(DavisTask::kUnsupervised, 1), semi(DavisTask::kSemiSupervised, 1);
  unsupervised.add(truth, prediction);
  semi.add(truth, prediction);
  EXPECT_EQ(unsupervised.scores()[0].j[0], 1.0);
  EXPECT_DOUBLE_EQ(semi.scores()[0].j[0], 380.0 / 400.0);
}

class DavisFiles : public test::TemporaryFolder {
 protected:
  DavisFiles() {
    make_directories(folder_ / "gt" / "ImageSets" / "2017");
    write_text_file(folder_ / "gt" / "ImageSets" / "2017" / "val.txt", "a\n");
    make_directories(folder_ / "gt" / "Annotations_unsupervised" / "480p" / "a");
    make_directories(folder_ / "pred" / "a");
    for (const char* frame : {"00000.png", "00001.png"}) {
      write_png(folder_ / "gt" / "Annotations_unsupervised" / "480p" / "a" / frame,
                LabelMap({6, 5}, 1, 1));
      write_png(folder_ / "pred" / "a" / frame, LabelMap({6, 5}, 1, 1));
    }
    options_.gt = folder_ / "gt";
    options_.pred = folder_ / "pred";
  }
  void expect_error(const std::string& message) {
    EXPECT_THAT([&] { find_metric("davis").evaluate(options_); },
                ThrowsMessage<Error>(HasSubstr(message)));
  }
  EvalOptions options_;
};

TEST_F(DavisFiles, AGoodSetIsPerfect) {
  const auto json = find_metric("davis").evaluate(options_).metric->report().json;
  EXPECT_EQ(json["unsupervised"]["global"]["J&F-Mean"].get<double>(), 1.0);
}

TEST_F(DavisFiles, MissingFramesAreCountedAndNamed) {
  std::filesystem::remove(folder_ / "pred" / "a" / "00001.png");
  expect_error("1 predicted frames are missing: a/00001.png");
}

TEST_F(DavisFiles, WrongFilesAreNamed) {
  write_png(folder_ / "pred" / "a" / "00001.png", LabelMap({7, 5}, 1, 1));
  expect_error("00001.png: the prediction is 7x5, the annotation 6x5");
  write_png(folder_ / "pred" / "a" / "00001.png", LabelMap({6, 5}, 1, 21));
  expect_error("object number 21, at most 20 are evaluated");
  write_png(folder_ / "pred" / "a" / "00001.png", Image({6, 5}, 3));
  expect_error("is a 8-bit RGB PNG");
}

TEST_F(DavisFiles, WrongLayoutsAreNamed) {
  write_text_file(folder_ / "gt" / "ImageSets" / "2017" / "val.txt", "a a\n");
  expect_error("sequence 'a' comes twice");
  write_text_file(folder_ / "gt" / "ImageSets" / "2017" / "val.txt", "b\n");
  expect_error("no such folder");
  write_text_file(folder_ / "gt" / "ImageSets" / "2017" / "val.txt", "");
  expect_error("there are no sequences");
  options_.task = "unsuperwised";
  expect_error("did you mean 'unsupervised'?");
}

TEST_F(DavisFiles, NoObjectAtAllIsAnError) {
  for (const char* frame : {"00000.png", "00001.png"})
    write_png(folder_ / "gt" / "Annotations_unsupervised" / "480p" / "a" / frame,
              LabelMap({6, 5}, 1));
  const auto result = find_metric("davis").evaluate(options_);
  EXPECT_THAT([&] { result.metric->report(); },
              ThrowsMessage<Error>(HasSubstr("no sequence has an object")));
}

}  // namespace
}  // namespace tessera
