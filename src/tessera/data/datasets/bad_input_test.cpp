// What users get to see when a dataset on disk isn't whole.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/data/open_dataset.h"
#include "tessera/image/image_io.h"
#include "test_support.h"

namespace tessera {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

class BadDataset : public test::TemporaryFolder {
 protected:
  /// A KITTI-STEP split of one sequence.
  void make_kitti(int frames) const {
    for (int i = 0; i < frames; ++i) {
      write_picture(picture(i), {8, 4});
      write_labels(labels(i), {8, 4}, 13);
    }
  }
  fs::path picture(int i) const { return path("images", i); }
  fs::path labels(int i) const { return path("panoptic_maps", i); }
  fs::path path(const char* kind, int i) const {
    return folder_ / kind / "val" / "0002" / fmt::format("{:06}.png", i);
  }
  static void write_picture(const fs::path& path, Size size) {
    make_directories(path.parent_path());
    write_png(path, Image(size, 3, 90));
  }
  static void write_labels(const fs::path& path, Size size, int category) {
    Image image(size, 3, 0);
    for (int y = 0; y < size.height; ++y)
      for (int x = 0; x < size.width; ++x) image.at(x, y) = static_cast<std::uint8_t>(category);
    make_directories(path.parent_path());
    write_png(path, image);
  }
  static void truncate(const fs::path& path) { fs::resize_file(path, fs::file_size(path) * 2 / 3); }

  DatasetSpec kitti() const { return {DatasetFormat::kKittiStep, folder_, "val"}; }
  DatasetSpec coco(const std::string& json) const {
    write_text_file(folder_ / "instances.json", json);
    write_picture(folder_ / "images" / "a.png", {40, 40});
    DatasetSpec spec{DatasetFormat::kCocoInstances, folder_, "val"};
    spec.images = "images";
    spec.annotations = "instances.json";
    return spec;
  }
  static std::function<void()> opening(const DatasetSpec& spec) {
    return [spec] { open_dataset(spec); };
  }
};

TEST_F(BadDataset, MissingSplitNamesThoseThatAreThere) {
  make_kitti(1);
  DatasetSpec spec = kitti();
  spec.split = "train";
  EXPECT_THAT(opening(spec), ThrowsMessage<Error>(AllOf(HasSubstr("images/train: no such folder"),
                                                        HasSubstr("beside it are val"))));
  spec.root = folder_ / "nowhere";
  EXPECT_THAT(opening(spec), ThrowsMessage<Error>(HasSubstr("nowhere: no such folder")));
}

TEST_F(BadDataset, MissingFilesAreSummarisedWhole) {
  make_kitti(9);
  for (int i = 1; i < 8; ++i) fs::remove(labels(i));
  fs::remove(picture(0));
  EXPECT_THAT(opening(kitti()),
              ThrowsMessage<Error>(AllOf(HasSubstr("7 picture(s) without annotation"),
                                         HasSubstr("000001.png"), HasSubstr("and 2 more"),
                                         HasSubstr("1 annotation(s) without picture"))));
  ProblemList problems;
  EXPECT_EQ(open_dataset(kitti(), &problems)->size(), 1U);
  EXPECT_EQ(problems.problems().size(), 8U);
}

TEST_F(BadDataset, SizesThatDisagree) {
  make_kitti(1);
  write_labels(labels(0), {8, 5}, 13);
  const auto dataset = open_dataset(kitti());
  EXPECT_THAT(
      [&] { dataset->load(0); },
      ThrowsMessage<Error>(AllOf(HasSubstr("000000.png"), HasSubstr("8x5"), HasSubstr("8x4"))));
}

TEST_F(BadDataset, UnknownClass) {
  make_kitti(1);
  write_labels(labels(0), {8, 4}, 19);
  const auto dataset = open_dataset(kitti());
  EXPECT_THAT([&] { dataset->load(0); },
              ThrowsMessage<Error>(AllOf(HasSubstr("000000.png"), HasSubstr("class 19"))));
}

TEST_F(BadDataset, TruncatedPictures) {
  make_kitti(1);
  truncate(labels(0));
  const auto dataset = open_dataset(kitti());
  EXPECT_THAT([&] { dataset->load(0); }, ThrowsMessage<Error>(HasSubstr(labels(0).string())));
  make_directories(folder_ / "frames" / "v");
  write_text_file(folder_ / "classes.yaml", "classes:\n  - {id: 0, name: road}\n");
  const fs::path jpeg = folder_ / "frames" / "v" / "000000.jpg";
  write_jpeg(jpeg, Image({64, 64}, 3, 7));
  truncate(jpeg);
  DatasetSpec spec{DatasetFormat::kCustom, folder_, ""};
  spec.without_labels = true;
  const auto own = open_dataset(spec);
  EXPECT_THAT([&] { own->load(0); }, ThrowsMessage<Error>(HasSubstr(jpeg.string())));
}

TEST_F(BadDataset, EmptyDataset) {
  make_directories(folder_ / "images" / "val");
  make_directories(folder_ / "panoptic_maps" / "val");
  EXPECT_THAT(opening(kitti()), ThrowsMessage<Error>(HasSubstr("there is no picture in it")));
}

TEST_F(BadDataset, FrameGapsAreAWarning) {
  make_kitti(5);
  fs::remove(picture(2));
  fs::remove(labels(2));
  ProblemList problems;
  const auto dataset = open_dataset(kitti(), &problems);
  EXPECT_EQ(dataset->size(), 4U);
  EXPECT_EQ(dataset->frames()[2].key.frame, 3);
  EXPECT_FALSE(problems.has_errors());
  EXPECT_THAT(problems.summary(), HasSubstr("0002 between frames 1 and 3"));
  EXPECT_EQ(open_dataset(kitti())->size(), 4U);
}

TEST_F(BadDataset, BrokenJsonSaysWhere) {
  EXPECT_THAT(opening(coco("{\"images\": [\n{\"id\": 1,")),
              ThrowsMessage<Error>(AllOf(HasSubstr("instances.json"), HasSubstr("line 2"))));
  EXPECT_THAT(
      opening(coco("{\"categories\": [{\"id\": 1, \"name\": \"a\"}],\n\"images\": [{\"id\": 1}]}")),
      ThrowsMessage<Error>(
          AllOf(HasSubstr("line 2"), HasSubstr("images[0]"), HasSubstr("'width' is missing"))));
}

TEST_F(BadDataset, CocoAnnotationsOfAbsentPicturesAndClasses) {
  const std::string head =
      R"({"categories": [{"id": 1, "name": "a"}],
          "images": [{"id": 1, "file_name": "a.png", "width": 40, "height": 40},
                     {"id": 2, "file_name": "b.png", "width": 40, "height": 40}], )";
  EXPECT_THAT(opening(coco(head + R"("annotations": [
      {"id": 7, "image_id": 9, "category_id": 1}, {"id": 8, "image_id": 1, "category_id": 5}]})")),
              ThrowsMessage<Error>(AllOf(HasSubstr("b.png"), HasSubstr("image_id 9"),
                                         HasSubstr("category_id 5 in annotation 8"))));
}

TEST_F(BadDataset, UnknownFormatNamesTheNearest) {
  EXPECT_THAT([] { dataset_format_from_name("kitti-stpe"); },
              ThrowsMessage<UsageError>(HasSubstr("did you mean 'kitti-step'?")));
}

}  // namespace
}  // namespace tessera
