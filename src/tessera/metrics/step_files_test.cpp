#include "tessera/metrics/step_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/image/image_io.h"
#include "test_support.h"

namespace tessera {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Property;
using testing::Throws;

class StepFilesTest : public test::TemporaryFolder {
 protected:
  void put(const std::string& name, std::uint16_t value) const {
    Image16 picture(Size{4, 2}, 1);
    std::fill_n(&picture.at(0, 0), 8, value);
    make_directories((folder_ / name).parent_path());
    write_png(folder_ / name, picture);
  }
  void put_color(const std::string& name) const {
    make_directories((folder_ / name).parent_path());
    write_png(folder_ / name, Image(Size{4, 2}, 3));
  }
  /// Two videos of two frames, as VIPSeg numbers them.
  StepTree vipseg() const {
    for (const char* name :
         {"truth/panomasks/7_walk/00000345", "truth/panomasks/7_walk/00000348",
          "truth/panomasks/12_a_run/00000001", "truth/panomasks/12_a_run/00000004"})
      put(std::string(name) + ".png", 1);
    return list_step_tree(folder_ / "truth");
  }
  void expect_pairs(const StepTree& predictions) const {
    const auto pairs = pair_step_trees(vipseg(), predictions);
    ASSERT_EQ(pairs.size(), 2u);
    for (const StepPair& pair : pairs) EXPECT_EQ(pair.pred.size(), pair.gt.frames.size());
  }
};

TEST_F(StepFilesTest, VipsegResultsMayHaveTheNamesOfVideosAndFrames) {
  for (const char* name : {"named/7_walk/000345", "named/7_walk/000348", "named/12_a_run/000001",
                           "named/12_a_run/000004"})
    put_color(std::string(name) + ".png");
  expect_pairs(list_step_tree(folder_ / "named"));
}

TEST_F(StepFilesTest, PairsOfPicturesMayBeNamedByTheirVideo) {
  for (const char* name :
       {"pairs/panoptic/7_walk/7_walk_000345", "pairs/panoptic/7_walk/7_walk_000348",
        "pairs/panoptic/12_a_run/12_a_run_000001", "pairs/panoptic/12_a_run/12_a_run_000004"})
    for (const char* ending : {"_cat.png", "_ins.png"}) put(std::string(name) + ending, 0);
  expect_pairs(list_step_tree(folder_ / "pairs"));
}

TEST_F(StepFilesTest, OfficialVipsegResultsCountVideosAndFrames) {
  for (const char* name : {"counted/panoptic/0/000000_000000", "counted/panoptic/0/000000_000001",
                           "counted/panoptic/1/000001_000000", "counted/panoptic/1/000001_000001"})
    for (const char* ending : {"_cat.png", "_ins.png"}) put(std::string(name) + ending, 0);
  expect_pairs(list_step_tree(folder_ / "counted"));
}

TEST_F(StepFilesTest, MissingFramesOfNamedVideosAreNamed) {
  for (const char* name : {"named/7_walk/000345", "named/12_a_run/000001", "named/12_a_run/000004"})
    put_color(std::string(name) + ".png");
  const StepTree truth = vipseg(), predictions = list_step_tree(folder_ / "named");
  EXPECT_THAT([&] { pair_step_trees(truth, predictions); },
              Throws<Error>(Property(&Error::what, HasSubstr("the frames 7_walk/000348"))));
}

}  // namespace
}  // namespace tessera
