// What the official loaders read from small datasets, compared with what ours read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/core/json.h"
#include "tessera/data/label_coding.h"
#include "tessera/data/open_dataset.h"
#include "tessera/image/image_io.h"
#include "tessera/image/rle.h"
#include "test_support.h"

namespace tessera {
namespace {

const JsonValue& golden() {
  static JsonParser parser;
  static const JsonValue document =
      parser.parse(read_text_file(test::golden_dir() / "datasets" / "loaded.json"));
  return document;
}

std::unique_ptr<Dataset> open(DatasetFormat format, const std::string& folder,
                              const std::string& split) {
  DatasetSpec spec;
  spec.format = format;
  spec.root = test::golden_dir() / folder;
  spec.split = split;
  return open_dataset(spec);
}

std::map<int, std::int64_t> pixels_per_class(const LabelMap& map) {
  std::map<int, std::int64_t> counts;
  for (const std::uint8_t value : map.values()) ++counts[value];
  return counts;
}

std::vector<std::int64_t> integers(const JsonValue& list) {
  std::vector<std::int64_t> values;
  for (const JsonValue& value : list.as_list("")) values.push_back(value.as_integer(""));
  return values;
}

std::vector<std::vector<std::uint32_t>> masks(const JsonValue& list) {
  std::vector<std::vector<std::uint32_t>> all;
  for (const JsonValue& mask : list.as_list("")) all.push_back(mask.as_counts(""));
  return all;
}

TEST(DatasetGolden, KittiStepObjectsAndClasses) {
  const auto train = open(DatasetFormat::kKittiStep, "video_knet/mini_kitti_step", "train");
  for (const JsonValue& loaded : golden().at("kitti_step").as_list("kitti_step")) {
    const auto index =
        std::find_if(train->frames().begin(), train->frames().end(), [&](const FrameInfo& frame) {
          return std::stoi(frame.key.sequence) == loaded.integer("sequence") &&
                 frame.key.frame == loaded.integer("frame");
        });
    ASSERT_NE(index, train->frames().end());
    const Sample sample = train->load(static_cast<std::size_t>(index - train->frames().begin()));
    std::vector<std::int64_t> ids;
    std::vector<std::vector<std::uint32_t>> found;
    for (const Segment& segment : sample.panoptic->segments) {
      if (!train->classes()[segment.category].is_thing) continue;
      ids.push_back(segment.track_id);
      found.push_back(rle_encode(sample.panoptic->ids, segment.id).counts);
      EXPECT_EQ(segment.crowd, segment.track_id % 10000 == 0);
    }
    EXPECT_EQ(ids, integers(loaded.at("ids")));
    EXPECT_EQ(found, masks(loaded.at("masks")));
    for (const auto& [id, count] : loaded.at("classes").members("classes"))
      EXPECT_EQ(pixels_per_class(semantic_map(*sample.panoptic))[std::stoi(id)],
                count.as_integer(id));
  }
}

TEST(DatasetGolden, KittiStepSequencesInOrder) {
  const auto val = open(DatasetFormat::kKittiStep, "video_knet/mini_kitti_step", "val");
  ASSERT_EQ(val->sequences().size(), 2U);
  EXPECT_EQ(val->sequences()[0].name, "000002");
  EXPECT_EQ(val->sequences()[0].count, 3U);
  EXPECT_EQ(val->sequences()[1].first, 3U);
  EXPECT_EQ(val->frames()[4].key.name, "000006/000001");
}

class VipsegGolden : public test::TemporaryFolder {};

TEST_F(VipsegGolden, ObjectsAndClasses) {
  make_directories(folder_ / "panomasks" / "a");
  make_directories(folder_ / "images" / "a");
  std::filesystem::copy_file(test::golden_dir() / "video_knet" / "vipseg_a.png",
                             folder_ / "panomasks" / "a" / "00000001.png");
  write_jpeg(folder_ / "images" / "a" / "00000001.jpg", Image({40, 24}, 3, 90));
  write_text_file(folder_ / "val.txt", "a\n");
  DatasetSpec spec{DatasetFormat::kVipseg, folder_, "val"};
  const auto val = open_dataset(spec);
  const Sample sample = val->load(0);
  const JsonValue loaded = golden().at("vipseg");
  // The golden numbers classes stuff first; things are 66 + their rank among things.
  std::vector<int> thing_rank(val->classes().size(), -1);
  for (int i = 0, rank = 0; i < static_cast<int>(val->classes().size()); ++i)
    if (val->classes()[i].is_thing) thing_rank[i] = rank++;
  std::vector<std::int64_t> ids, labels;
  std::vector<std::vector<std::uint32_t>> found;
  for (const Segment& segment : sample.panoptic->segments) {
    const int rank = thing_rank[segment.category];
    if (rank < 0) continue;
    labels.push_back(rank);
    ids.push_back((66 + rank) * 1000 + segment.track_id % 1000);
    found.push_back(rle_encode(sample.panoptic->ids, segment.id).counts);
  }
  EXPECT_EQ(ids, integers(loaded.at("ids")));
  EXPECT_EQ(found, masks(loaded.at("masks")));
}

TEST(DatasetGolden, CocoLabelsOfUsableObjects) {
  DatasetSpec spec;
  spec.root = test::golden_dir() / "knet_det" / "mini_coco";
  spec.split = "val";
  spec.images = "images";
  for (const auto& [format, file, key] :
       {std::tuple{DatasetFormat::kCocoInstances, "instances.json", "coco_instance"},
        {DatasetFormat::kCocoPanoptic, "panoptic.json", "coco_panoptic"}}) {
    spec.format = format;
    spec.annotations = file;
    const auto dataset = open_dataset(spec);
    ASSERT_EQ(dataset->size(), 3U);
    const auto golden_labels = golden().at(key).as_list(key);
    for (std::size_t i = 0; i < golden_labels.size(); ++i) {
      const Sample sample = dataset->load(i);
      std::vector<std::int64_t> labels;
      for (const Instance& instance : sample.instances)
        if (!instance.crowd) labels.push_back(instance.category);
      if (sample.panoptic)
        for (const Segment& segment : sample.panoptic->segments)
          if (dataset->classes()[segment.category].is_thing && !segment.crowd)
            labels.push_back(segment.category);
      EXPECT_THAT(labels, testing::UnorderedElementsAreArray(integers(golden_labels[i]))) << key;
    }
  }
}

TEST(DatasetGolden, StemSegVideoMasks) {
  DatasetSpec spec{DatasetFormat::kStemSeg, test::golden_dir() / "vishv", ""};
  spec.annotations = "dataset_video.json";
  spec.images = "/nowhere";
  ProblemList problems;
  const auto dataset = open_dataset(spec, &problems);
  EXPECT_EQ(problems.problems().size(), dataset->size());
  ASSERT_EQ(dataset->sequences().size(), 1U);
  EXPECT_EQ(dataset->size(), 24U);
  EXPECT_THROW(open_dataset(spec), Error);
}

class StemSegGolden : public test::TemporaryFolder {};

TEST_F(StemSegGolden, MasksOfVideosAndPictures) {
  const Image picture({31, 22}, 3, 50);
  DatasetSpec spec{DatasetFormat::kStemSeg, test::golden_dir() / "vishv", ""};
  spec.images = folder_;
  make_directories(folder_ / "0005");
  for (int i = 0; i < 24; ++i) write_png(folder_ / "0005" / fmt::format("{:06}.png", i), picture);
  for (const char* name : {"a.jpg", "b.jpg"}) write_jpeg(folder_ / name, picture);

  spec.annotations = "dataset_video.json";
  const auto video = open_dataset(spec);
  const auto frames = golden().at("stem_seg_video").as_list("");
  const std::vector<std::int64_t> order = {4, 9, 17};
  for (std::size_t i = 0; i < frames.size(); ++i) {
    std::vector<std::vector<std::uint32_t>> found(3, {31 * 22});
    for (const Instance& instance : video->load(i).instances)
      found[std::find(order.begin(), order.end(), instance.track_id) - order.begin()] =
          instance.mask.counts;
    EXPECT_EQ(found, masks(frames[i]));
  }

  spec.annotations = "dataset_image.json";
  const auto pictures = open_dataset(spec);
  const Sample sample = pictures->load(0);
  std::vector<std::vector<std::uint32_t>> found;
  for (const Instance& instance : sample.instances) found.push_back(instance.mask.counts);
  EXPECT_EQ(found, masks(golden().at("stem_seg_image")));
  ASSERT_TRUE(sample.ignored);
  EXPECT_EQ(rle_encode(*sample.ignored).counts, golden().at("stem_seg_ignore").as_counts(""));
}

TEST(DatasetGolden, YoutubeVisOfficialAndConvertedFilesSayTheSame) {
  DatasetSpec spec{DatasetFormat::kYoutubeVis, test::golden_dir() / "video_knet_vis/mini_ytvis",
                   "train"};
  spec.annotations = "annotations/train.json";
  const auto official = open_dataset(spec);
  spec.annotations = "coco/youtube_vis_2019_train.json";
  const auto converted = open_dataset(spec);
  ASSERT_EQ(official->size(), 22U);
  ASSERT_EQ(converted->size(), official->size());
  // dataset.json of the golden: 16 items that the official loader trains on.
  EXPECT_EQ(std::count_if(converted->frames().begin(), converted->frames().end(),
                          [](const FrameInfo& frame) { return frame.trainable; }),
            16);
  for (std::size_t i = 0; i < official->size(); ++i) {
    const Sample a = official->load(i), b = converted->load(i);
    EXPECT_EQ(a.key.sequence, b.key.sequence);
    EXPECT_EQ(a.key.frame, b.key.frame);
    ASSERT_EQ(a.instances.size(), b.instances.size());
    for (std::size_t k = 0; k < a.instances.size(); ++k) {
      EXPECT_EQ(a.instances[k].category, b.instances[k].category);
      EXPECT_EQ(a.instances[k].mask, b.instances[k].mask);
      EXPECT_EQ(a.instances[k].box, b.instances[k].box);
    }
  }
  spec.split = "val";
  spec.annotations = "annotations/valid.json";
  EXPECT_FALSE(open_dataset(spec)->has_labels());
}

TEST(DatasetGolden, CityscapesVpsFramesObjectsAndClassMaps) {
  DatasetSpec spec{DatasetFormat::kCityscapesVps, test::golden_dir() / "vpsnet/mini_cityscapes_vps",
                   "train"};
  const auto train = open_dataset(spec);
  ASSERT_EQ(train->size(), 5U);
  ASSERT_EQ(train->sequences().size(), 2U);
  EXPECT_EQ(train->frames()[3].key.sequence, "0002");
  EXPECT_EQ(train->frames()[3].key.frame, 4);
  const Sample sample = train->load(0);
  ASSERT_TRUE(sample.semantic);
  ASSERT_FALSE(sample.instances.empty());
  EXPECT_EQ(sample.instances[0].track_id, 14001);
  EXPECT_EQ(train->classes()[sample.instances[0].category].name, "truck");
}

TEST(DatasetGolden, CityscapesStepKeepsPersonsAndCars) {
  const auto train = open(DatasetFormat::kCityscapesStep, "video_knet/mini_cityscapes", "train");
  ASSERT_EQ(train->size(), 2U);
  for (std::size_t i = 0; i < train->size(); ++i) {
    const Sample sample = train->load(i);
    ASSERT_TRUE(sample.semantic);
    const LabelMap from_segments = semantic_map(*sample.panoptic);
    EXPECT_EQ(pixels_per_class(from_segments), pixels_per_class(*sample.semantic));
    for (const Segment& segment : sample.panoptic->segments)
      EXPECT_EQ(train->classes()[segment.category].is_thing,
                segment.category == 11 || segment.category == 13);
  }
}

}  // namespace
}  // namespace tessera
