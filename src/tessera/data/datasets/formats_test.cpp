// Formats without goldens: a picture of each, with labels written by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/data/label_coding.h"
#include "tessera/data/open_dataset.h"
#include "tessera/image/image_io.h"
#include "test_support.h"

namespace tessera {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

class Formats : public test::TemporaryFolder {
 protected:
  void picture(const fs::path& path, int width) const {
    make_directories((folder_ / path).parent_path());
    const Image image({width, 1}, 3, 50);
    if (path.extension() == ".jpg")
      write_jpeg(folder_ / path, image);
    else
      write_png(folder_ / path, image);
  }
  template <class T>
  void labels(const fs::path& path, std::vector<T> values) const {
    make_directories((folder_ / path).parent_path());
    Pixels<T> map({static_cast<int>(values.size()), 1}, 1);
    std::copy(values.begin(), values.end(), map.data());
    write_png(folder_ / path, map);
  }
  void text(const fs::path& path, std::string_view content) const {
    make_directories((folder_ / path).parent_path());
    write_text_file(folder_ / path, content);
  }
  Sample load(DatasetFormat format, const std::string& split) {
    dataset_ = open_dataset({format, folder_, split});
    return dataset_->load(0);
  }

  std::unique_ptr<Dataset> dataset_;
};

TEST_F(Formats, Ade20kClassesStartAtOne) {
  picture("images/validation/ADE_val_00000001.jpg", 3);
  labels<std::uint8_t>("annotations/validation/ADE_val_00000001.png", {0, 1, 150});
  const Sample sample = load(DatasetFormat::kAde20k, "val");
  EXPECT_THAT(sample.semantic->values(), ElementsAre(255, 0, 149));
  EXPECT_EQ(dataset_->classes()[0].name, "wall");
  labels<std::uint8_t>("annotations/validation/ADE_val_00000001.png", {0, 1, 151});
  EXPECT_THROW(dataset_->load(0), Error);
}

TEST_F(Formats, CityscapesReleasedAndPreparedFilesSayTheSame) {
  picture("leftImg8bit/val/aa/aa_0_0_leftImg8bit.png", 5);
  labels<std::uint16_t>("gtFine/val/aa/aa_0_0_gtFine_instanceIds.png",
                        {7, 26, 26002, 29001, 25000});
  labels<std::uint8_t>("gtFine/val/aa/aa_0_0_gtFine_labelIds.png", {7, 26, 26, 29, 25});
  const Sample released = load(DatasetFormat::kCityscapes, "val");
  labels<std::uint16_t>("gtFine/val/aa/aa_0_0_gtFine_instanceTrainIds.png",
                        {0, 13, 13002, 255, 12000});
  labels<std::uint8_t>("gtFine/val/aa/aa_0_0_gtFine_labelTrainIds.png", {0, 13, 13, 255, 12});
  const Sample prepared = load(DatasetFormat::kCityscapes, "val");
  EXPECT_EQ(released.semantic->values()[4], 12);
  EXPECT_EQ(*released.semantic, *prepared.semantic);
  EXPECT_EQ(semantic_map(*released.panoptic), *released.semantic);
  EXPECT_EQ(semantic_map(*prepared.panoptic), *prepared.semantic);
  const auto& segments = prepared.panoptic->segments;
  ASSERT_EQ(segments.size(), 4U);
  EXPECT_TRUE(segments[1].crowd);   // the group of cars
  EXPECT_FALSE(segments[3].crowd);  // the car
  const Sample step = load(DatasetFormat::kCityscapesStep, "val");
  EXPECT_FALSE(dataset_->classes()[12].is_thing);
  EXPECT_EQ(step.panoptic->segments.size(), 4U);
}

TEST_F(Formats, DavisVoidIsIgnoredExceptInTennis) {
  for (const std::string video : {"bear", "tennis"}) {
    picture("JPEGImages/480p/" + video + "/00000.jpg", 3);
    labels<std::uint8_t>("Annotations_unsupervised/480p/" + video + "/00000.png", {0, 1, 255});
  }
  text("ImageSets/2017/val.txt", "bear\ntennis\n");
  const Sample bear = load(DatasetFormat::kDavis, "val");
  ASSERT_EQ(bear.panoptic->segments.size(), 2U);
  EXPECT_EQ(bear.panoptic->segments[0].track_id, 1);
  EXPECT_TRUE(bear.panoptic->segments[1].ignore);
  const Sample tennis = dataset_->load(1);
  EXPECT_EQ(tennis.panoptic->segments[1].track_id, 255);
  EXPECT_FALSE(tennis.panoptic->segments[1].ignore);
}

TEST_F(Formats, PascalVocObjectsTakeTheClassBelowThem) {
  picture("JPEGImages/2007_000001.jpg", 4);
  labels<std::uint8_t>("SegmentationObject/2007_000001.png", {0, 1, 2, 255});
  labels<std::uint8_t>("SegmentationClass/2007_000001.png", {0, 15, 15, 255});
  text("ImageSets/Segmentation/val.txt", "2007_000001\n");
  const Sample sample = load(DatasetFormat::kPascalVoc, "val");
  ASSERT_EQ(sample.panoptic->segments.size(), 3U);
  EXPECT_EQ(dataset_->classes()[sample.panoptic->segments[0].category].name, "person");
  EXPECT_TRUE(sample.panoptic->segments[2].ignore);
}

TEST_F(Formats, MapillaryClassesComeFromItsConfiguration) {
  text("config.json", R"({"labels": [
      {"readable": "Bird", "instances": true, "color": [1, 2, 3]},
      {"readable": "Road", "instances": false, "color": [4, 5, 6]},
      {"readable": "Unlabeled", "instances": false, "color": [0, 0, 0]}]})");
  picture("validation/images/a.jpg", 4);
  labels<std::uint16_t>("validation/instances/a.png", {0, 1, 256, 512});
  const Sample sample = load(DatasetFormat::kMapillary, "val");
  EXPECT_EQ(dataset_->classes().size(), 2U);
  EXPECT_EQ(sample.panoptic->segments.size(), 3U);
  EXPECT_EQ(sample.panoptic->ids.values()[3], 0U);
}

TEST_F(Formats, KittiMotsTracksAndIgnoredRegion) {
  for (const char* sequence :
       {"0002", "0006", "0007", "0008", "0010", "0013", "0014", "0016", "0018"}) {
    picture(fs::path("training/image_02") / sequence / "000000.png", 4);
    labels<std::uint16_t>(fs::path("instances") / sequence / "000000.png", {0, 1005, 2001, 10000});
  }
  const Sample sample = load(DatasetFormat::kKittiMots, "val");
  ASSERT_EQ(sample.panoptic->segments.size(), 3U);
  EXPECT_EQ(sample.panoptic->segments[0].track_id, 1005);
  EXPECT_EQ(sample.panoptic->segments[1].category, 1);
  EXPECT_TRUE(sample.panoptic->segments[2].ignore);
}

TEST_F(Formats, OwnVideosWithSplits) {
  text("classes.yaml",
       "classes:\n  - {id: 3, name: road, color: [9, 8, 7]}\n"
       "  - {id: 7, name: robot, thing: true}\n");
  text("splits/val.txt", "b\n");
  for (const char* video : {"a", "b"}) {
    picture(fs::path("frames") / video / "0004.png", 2);
    Image map({2, 1}, 3);
    const std::uint8_t values[] = {3, 0, 0, 7, 1, 2};
    std::copy(std::begin(values), std::end(values), map.data());
    make_directories(folder_ / "panoptic" / video);
    write_png(folder_ / "panoptic" / video / "0004.png", map);
  }
  const Sample sample = load(DatasetFormat::kCustom, "val");
  EXPECT_EQ(dataset_->size(), 1U);
  EXPECT_EQ(sample.key.name, "b/0004");
  EXPECT_EQ(sample.key.frame, 4);
  ASSERT_EQ(sample.panoptic->segments.size(), 2U);
  EXPECT_EQ(sample.panoptic->segments[1].track_id, 7 * 10000 + 258);
  text("classes.yaml", "classes:\n  - {id: 3}\n");
  EXPECT_THAT([this] { load(DatasetFormat::kCustom, "val"); },
              testing::ThrowsMessage<Error>(testing::HasSubstr("classes.yaml: line")));
}

}  // namespace
}  // namespace tessera
