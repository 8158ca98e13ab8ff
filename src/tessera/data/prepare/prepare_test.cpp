#include "tessera/data/prepare/prepare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/core/json.h"
#include "tessera/data/datasets/kitti_sequences.h"
#include "tessera/data/open_dataset.h"
#include "tessera/data/prepare/pil_resize.h"
#include "tessera/data/synth/synthesize.h"
#include "tessera/image/image_io.h"
#include "test_support.h"

namespace tessera {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::ThrowsMessage;

class PrepareTest : public test::TemporaryFolder {
 protected:
  PrepareOptions options() const {
    PrepareOptions options;
    options.source = folder_ / "in";
    options.destination = folder_ / "out";
    return options;
  }

  void make_kitti() const {
    for (const char* split : {"train", "val"})
      for (const std::string& sequence : kitti_sequences(split))
        for (const char* kind : {"image_02", "panoptic"}) {
          const fs::path folder = folder_ / "in" / "training" / kind / sequence;
          make_directories(folder);
          write_png(folder / "000000.png", Image({4, 2}, 3, 11));
        }
  }
};

/// The rows of a picture, keys of nested lists made alike.
std::string read_json(const fs::path& path) {
  return JsonParser().parse(read_text_file(path)).to_json();
}

TEST_F(PrepareTest, YoutubeVisEqualsTheOfficialConverter) {
  PrepareOptions options;
  options.source = test::golden_dir() / "video_knet_vis" / "mini_ytvis";
  options.destination = folder_;
  prepare_dataset("youtube-vis", options);
  for (const char* split : {"train", "valid", "test"}) {
    const std::string name = fmt::format("youtube_vis_2019_{}.json", split);
    EXPECT_EQ(read_json(folder_ / "annotations" / name), read_json(options.source / "coco" / name));
  }
}

TEST_F(PrepareTest, KittiStepLinksGoOnAfterAnInterruption) {
  make_kitti();
  prepare_dataset("kitti-step", options());
  const fs::path picture = folder_ / "out/video_sequence/val/000002_000000_leftImg8bit.png";
  EXPECT_EQ(fs::hard_link_count(picture), 2U);
  fs::remove(picture);
  prepare_dataset("kitti-step", options());
  EXPECT_TRUE(fs::exists(picture));
  const DatasetSpec spec{DatasetFormat::kKittiStep, folder_ / "out", "val"};
  EXPECT_EQ(open_dataset(spec)->size(), 9U);
}

TEST_F(PrepareTest, MissingSequencesAreListedTogether) {
  make_kitti();
  for (const char* sequence : {"0002", "0006"})
    fs::remove_all(folder_ / "in/training/panoptic" / sequence);
  EXPECT_THAT([this] { prepare_dataset("kitti-step", options()); },
              ThrowsMessage<Error>(
                  testing::AllOf(HasSubstr("2 missing file(s)"), HasSubstr("panoptic/0002"))));
  EXPECT_FALSE(fs::exists(folder_ / "out"));
}

TEST_F(PrepareTest, CityscapesMapsAndPanopticFiles) {
  const fs::path city = folder_ / "in/gtFine/train/aa";
  make_directories(city);
  LabelMap labels({4, 1}, 1);
  Image16 instances({4, 1}, 1);
  const int label_ids[] = {7, 26, 26, 29}, instance_ids[] = {7, 26, 26001, 29000};
  for (int x = 0; x < 4; ++x) {
    labels.at(x, 0) = static_cast<std::uint8_t>(label_ids[x]);
    instances.at(x, 0) = static_cast<std::uint16_t>(instance_ids[x]);
  }
  write_png(city / "aa_000000_000019_gtFine_labelIds.png", labels);
  write_png(city / "aa_000000_000019_gtFine_instanceIds.png", instances);
  prepare_dataset("cityscapes", options());
  const fs::path out = folder_ / "out/gtFine";
  EXPECT_THAT(
      read_label16_png(out / "train/aa/aa_000000_000019_gtFine_instanceTrainIds.png").values(),
      testing::ElementsAre(0, 13, 13001, 255));
  EXPECT_THAT(read_label_png(out / "train/aa/aa_000000_000019_gtFine_labelTrainIds.png").values(),
              testing::ElementsAre(0, 13, 13, 255));
  EXPECT_THAT(read_id_png(out / "cityscapes_panoptic_train_trainId/"
                                "aa_000000_000019_gtFine_panoptic.png")
                  .values(),
              testing::ElementsAre(7, 26, 26001, 0));
  const std::string json = read_json(out / "cityscapes_panoptic_train_trainId.json");
  EXPECT_THAT(json,
              HasSubstr(R"({"area":1,"bbox":[1,0,1,1],"category_id":13,"id":26,"iscrowd":1})"));
  EXPECT_THAT(json, HasSubstr(R"("file_name":"aa_000000_000019_gtFine_leftImg8bit.png")"));
}

TEST_F(PrepareTest, VipsegIsShrunkAndColoured) {
  for (const char* kind : {"imgs", "panomasks"}) make_directories(folder_ / "in" / kind / "v");
  write_jpeg(folder_ / "in/imgs/v/00000001.jpg", Image({32, 18}, 3, 77));
  Image16 mask({32, 18}, 1, 6);
  for (int x = 0; x < 16; ++x) mask.at(x, 3) = 301;
  write_png(folder_ / "in/panomasks/v/00000001.png", mask);
  write_text_file(folder_ / "in/val.txt", "v\n");
  prepare_dataset("vipseg", options());
  const auto val = open_dataset({DatasetFormat::kVipseg, folder_ / "out", "val"});
  const Sample sample = val->load(0);
  EXPECT_EQ(sample.image.size(), (Size{1280, 720}));
  EXPECT_EQ(sample.panoptic->segments.size(), 2U);
  EXPECT_THAT(read_json(folder_ / "out/panoptic_gt_VIPSeg_val.json"),
              HasSubstr(R"("category_id":2)"));
}

TEST_F(PrepareTest, VipsegPicturesAndMasksWithoutTheOther) {
  for (const char* kind : {"imgs", "panomasks"}) make_directories(folder_ / "in" / kind / "v");
  write_jpeg(folder_ / "in/imgs/v/00000001.jpg", Image({32, 18}, 3, 77));
  write_png(folder_ / "in/panomasks/v/00000002.png", Image16({32, 18}, 1, 6));
  EXPECT_THAT([this] { prepare_dataset("vipseg", options()); },
              ThrowsMessage<Error>(testing::AllOf(HasSubstr("imgs/v/00000001.jpg"),
                                                  HasSubstr("panomasks/v/00000002.png"))));
  EXPECT_FALSE(fs::exists(folder_ / "out"));
}

TEST_F(PrepareTest, CityscapesVpsLabels) {
  for (const char* kind : {"cls", "inst"}) make_directories(folder_ / "in/val" / kind);
  Image colors({3, 1}, 3);  // road, car, car without an object
  const std::uint8_t values[] = {128, 64, 128, 0, 0, 142, 0, 0, 142};
  std::copy(std::begin(values), std::end(values), colors.data());
  Image16 instances({3, 1}, 1, 7);
  instances.at(1, 0) = 26003;
  instances.at(2, 0) = 26;
  const std::string name = "0001_0001_aa_000000_000004_final_mask.png";
  write_png(folder_ / "in/val/cls" / name, colors);
  write_png(folder_ / "in/val/inst" / name, instances);
  prepare_dataset("cityscapes-vps", options());
  EXPECT_THAT(read_label_png(folder_ / "out/val/labelmap" / name).values(),
              testing::ElementsAre(0, 13, 13));
  EXPECT_THAT(read_label16_png(folder_ / "out/val/panoptic_inst" / name).values(),
              testing::ElementsAre(0, 13003, 255));
  EXPECT_THAT(read_json(folder_ / "out/panoptic_gt_val_city_vps.json"),
              HasSubstr(R"("image_id":"0001_0001_aa_000000_000004")"));
}

class CityscapesVpsMerge : public PrepareTest {
 protected:
  /// A release of one video with two labelled frames, the second Cityscapes' own, beside
  /// Cityscapes.
  CityscapesVpsMerge() {
    write_text_file(in("cityscapes_vps/panoptic_im_val_city_vps.json"),
                    R"({"images": [
                      {"id": "0000_0000_aa_000000_000004",
                       "file_name": "0000_0000_aa_000000_000004_newImg8bit.png"},
                      {"id": "0000_0001_aa_000000_000019",
                       "file_name": "0000_0001_aa_000000_000019_leftImg8bit.png"}]})");
    write_text_file(in("cityscapes_vps/im_all_info_val_city_vps.json"),
                    R"({"images": [{"id": 1, "file_name": "aa_000000_000000_leftImg8bit.png"}]})");
    for (const char* frame : {"000000", "000004", "000019"})
      write_png(
          in(std::string("leftImg8bit_sequence/val/aa/aa_000000_") + frame + "_leftImg8bit.png"),
          Image({2, 1}, 3, 9));
    write_png(in("cityscapes_vps/val/cls/0000_0000_aa_000000_000004_final_mask.png"),
              Image({2, 1}, 3, 70));
    write_png(in("cityscapes_vps/val/inst/0000_0000_aa_000000_000004_final_mask.png"),
              Image16({2, 1}, 1, 11));
    write_png(in("gtFine/val/aa/aa_000000_000019_gtFine_color.png"), Image({2, 1}, 3, 70));
    write_png(in("gtFine/val/aa/aa_000000_000019_gtFine_instanceIds.png"), Image16({2, 1}, 1, 11));
  }

  fs::path in(const fs::path& relative) const {
    const fs::path path = folder_ / "in" / relative;
    make_directories(path.parent_path());
    return path;
  }
};

TEST_F(CityscapesVpsMerge, TakesPicturesAndLabelsFromCityscapes) {
  prepare_dataset("cityscapes-vps", options());
  const fs::path val = folder_ / "out" / "val";
  for (const char* file : {"img/0000_0000_aa_000000_000004_newImg8bit.png",
                           "img/0000_0001_aa_000000_000019_leftImg8bit.png",
                           "img_all/aa_000000_000000_leftImg8bit.png",
                           "cls/0000_0001_aa_000000_000019_gtFine_color.png",
                           "inst/0000_0001_aa_000000_000019_gtFine_instanceIds.png",
                           "panoptic_video/0000_0001_aa_000000_000019_gtFine_color.png"})
    EXPECT_TRUE(fs::exists(val / file)) << file;
  const auto dataset = open_dataset({DatasetFormat::kCityscapesVps, folder_ / "out", "val"});
  ASSERT_EQ(dataset->size(), 2U);
  EXPECT_EQ(dataset->load(1).semantic->values()[0], 2);  // building
}

TEST_F(CityscapesVpsMerge, MissingFilesAreListedBeforeAnythingIsWritten) {
  fs::remove_all(folder_ / "in" / "leftImg8bit_sequence");
  EXPECT_THAT([this] { prepare_dataset("cityscapes-vps", options()); },
              ThrowsMessage<Error>(testing::AllOf(HasSubstr("3 missing file(s)"),
                                                  HasSubstr("leftImg8bit_sequence"))));
  EXPECT_FALSE(fs::exists(folder_ / "out"));
}

/// Every object of a frame as (class name, mask), whatever the dataset keeps it as.
std::multimap<std::string, std::string> objects_of(const Dataset& dataset, std::size_t index) {
  const Sample sample = dataset.load_labels(index);
  std::multimap<std::string, std::string> objects;
  for (const Instance& instance : sample.instances)
    if (!instance.crowd)
      objects.emplace(dataset.classes()[instance.category].name, rle_to_string(instance.mask));
  if (!sample.panoptic) return objects;
  for (const Segment& segment : sample.panoptic->segments) {
    const bool is_ignored = segment.ignore || segment.crowd;
    if (!is_ignored && !dataset.classes()[segment.category].is_thing) continue;
    objects.emplace(is_ignored ? "ignore" : dataset.classes()[segment.category].name,
                    rle_to_string(rle_encode(sample.panoptic->ids, segment.id)));
  }
  return objects;
}

struct StemSegCase {
  const char* format;
  DatasetFormat read_as;
  const char* split;
  const char* file;
  const char* images;  ///< the folder that its picture paths start at
};

class StemSegTest : public PrepareTest, public testing::WithParamInterface<StemSegCase> {};

TEST_P(StemSegTest, FilesHoldTheObjectsOfTheDataset) {
  const StemSegCase& c = GetParam();
  synth::SynthOptions street;
  street.format = c.format;
  street.sequences = street.val_sequences = 1;
  street.frames = 3;
  street.size = {208, 64};
  synth::synthesize(folder_ / "in", street);
  prepare_dataset("stem-seg", options());
  DatasetSpec spec{DatasetFormat::kStemSeg, folder_ / "out", c.file};
  spec.images = folder_ / "in" / c.images;
  const auto made = open_dataset(spec);
  const auto original = open_dataset({c.read_as, folder_ / "in", c.split});
  ASSERT_GE(made->size(), original->size());
  for (std::size_t i = 0; i < original->size(); ++i) {
    auto expected = objects_of(*original, i);
    // Groups are left out; so is an ignored region that has no class of its own there.
    if (std::string(c.format) != "kitti-mots") expected.erase("ignore");
    EXPECT_FALSE(expected.empty());
    EXPECT_EQ(objects_of(*made, i), expected) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Datasets, StemSegTest,
                         testing::Values(StemSegCase{"coco", DatasetFormat::kCocoInstances, "train",
                                                     "coco", "train2017"},
                                         StemSegCase{"pascal-voc", DatasetFormat::kPascalVoc,
                                                     "train", "pascal_voc", "JPEGImages"},
                                         StemSegCase{"youtube-vis", DatasetFormat::kYoutubeVis,
                                                     "val", "youtube_vis_val", "valid/JPEGImages"},
                                         StemSegCase{"davis", DatasetFormat::kDavis, "train",
                                                     "davis_train", "JPEGImages/480p"},
                                         StemSegCase{"kitti-mots", DatasetFormat::kKittiMots, "val",
                                                     "kittimots_val", "training/image_02"}),
                         [](const auto& info) { return std::string(info.param.file); });

TEST_F(PrepareTest, StemSegMapillaryCountsLabelsFromOne) {
  synth::SynthOptions street;
  street.format = "mapillary";
  street.sequences = 1;
  street.val_sequences = 0;
  street.frames = 1;
  street.size = {208, 64};
  synth::synthesize(folder_ / "in", street);
  prepare_dataset("stem-seg", options());
  const std::string json = read_json(folder_ / "out" / "mapillary.json");
  EXPECT_THAT(json, HasSubstr(R"("14":"car")"));  // label 13
  EXPECT_THAT(
      [this] {
        PrepareOptions wrong = options();
        wrong.source = test::golden_dir() / "video_knet_vis" / "mini_ytvis" / "coco";
        prepare_dataset("stem-seg", wrong);
      },
      ThrowsMessage<Error>(HasSubstr("isn't laid out as any dataset")));
}

TEST_F(PrepareTest, UnknownDatasetAndMissingSource) {
  EXPECT_THROW(prepare_dataset("kitti-stpe", options()), UsageError);
  EXPECT_THAT([this] { prepare_dataset("kitti-step", options()); },
              ThrowsMessage<Error>(HasSubstr("no such folder")));
}

TEST(PilResize, HalvesAndDoubles) {
  Image row({4, 1}, 1);
  const std::uint8_t values[] = {0, 100, 200, 40};
  std::copy(std::begin(values), std::end(values), row.data());
  // Image.fromarray(row).resize((2, 1), BILINEAR): weights 3/7, 3/7, 1/7 at the borders.
  EXPECT_THAT(pil_resize_bilinear(row, {2, 1}).values(), testing::ElementsAre(71, 117));
  EXPECT_THAT(pil_resize_bilinear(row, {8, 1}).values(),
              testing::ElementsAre(0, 25, 75, 125, 175, 160, 80, 40));
}

}  // namespace
}  // namespace tessera
