#include "tessera/data/loader/data_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>
#include <string>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/data/open_dataset.h"
#include "tessera/data/synth/synthesize.h"
#include "test_support.h"

namespace tessera {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

fs::path config_folder() { return test::source_dir() / "configs/data"; }

DataConfig load_kitti_step(const std::vector<std::string>& overrides) {
  return Config::load(config_folder() / "kitti_step.yaml", overrides).read<DataConfig>();
}

TEST(DataConfig, ReadsTheKittiStepPipeline) {
  const DataConfig config = load_kitti_step({"loader.batch_size=4"});
  EXPECT_EQ(config.dataset.format, DatasetFormat::kKittiStep);
  EXPECT_EQ(config.pipeline.steps.size(), 4u);
  ASSERT_TRUE(config.references);
  EXPECT_EQ(config.references->first, -2);
  EXPECT_EQ(config.loader.sampler.batch_size, 4);
}

/// The message that `text` laid over the KITTI-STEP configuration is refused with.
class Refusals : public test::TemporaryFolder {
 protected:
  std::string message(const std::string& text) {
    const fs::path path = folder_ / "wrong.yaml";
    write_text_file(path, "base: " + (config_folder() / "kitti_step.yaml").string() + "\n" + text);
    try {
      Config::load(path).read<DataConfig>();
    } catch (const Error& error) {
      return error.what();
    }
    return "accepted";
  }
};

TEST_F(Refusals, ValuesOutOfRangeAreNamedByPlaceAndKey) {
  EXPECT_THAT(message("loader: {prefetch: 0}"), HasSubstr("loader.prefetch"));
}

TEST_F(Refusals, OptionsThatDoNotGoTogetherAreNamedByPlaceAndKey) {
  EXPECT_THAT(message("clip: {first: 0, last: 4}"), HasSubstr("wrong.yaml:2: clip"));
  EXPECT_THAT(message("clip: {first: 0, last: 4, cut_at_empty: 6}"),
              HasSubstr("wrong.yaml:2: clip.cut_at_empty"));
  EXPECT_THAT(message("references: {first: 0, last: 0}"),
              HasSubstr("wrong.yaml:2: references.last"));
  EXPECT_THAT(message("pipeline:\n  float_pictures: true\n  steps:\n"
                      "    - {kind: resize, scales: [{long: 9, short: 9}]}\n"
                      "    - {kind: photometric}"),
              HasSubstr("wrong.yaml:3: pipeline.float_pictures: the step 'photometric'"));
  EXPECT_THAT(message("pipeline: {steps: [{kind: fit, width: 9, height: 9}]}"),
              HasSubstr("wrong.yaml:2: pipeline.steps: the step 'fit' needs 'float_pictures"));
  EXPECT_THAT(message("pipeline: {steps: [{kind: crop, width: 9, height: 9, one_draw: true, "
                      "max_category_share: 0.5}]}"),
              HasSubstr("wrong.yaml:2: pipeline.steps.0.one_draw"));
  EXPECT_THAT(message("dataset: {classes: {from: {car: car}}}"),
              HasSubstr("wrong.yaml:2: dataset.classes.from"));
  EXPECT_THAT(message("pipeline:\n  steps:\n    - {kind: resize, scales: [{long: 9, short: 9}],\n"
                      "       sampling: range}"),
              HasSubstr("wrong.yaml:5: pipeline.steps.0.sampling"));
  EXPECT_THAT(message("pipeline:\n  steps:\n    - {kind: resize, scales: []}"),
              HasSubstr("wrong.yaml:4: pipeline.steps.0.scales"));
  EXPECT_THAT(message("pipeline: {steps: [{kind: crop, width: 9, height: 9, least_width: 10}]}"),
              HasSubstr("wrong.yaml:2: pipeline.steps.0.least_width"));
}

TEST_F(Refusals, AMixStandsInPlaceOfADataset) {
  EXPECT_THAT(message("mix: {samples: 4, parts: [{share: 0.5, dataset: {format: davis, root: a}, "
                      "pipeline: {steps: []}}]}"),
              HasSubstr("wrong.yaml:2: mix.parts: their shares add up to 0.5"));
  EXPECT_THAT(message("mix: {samples: 4, parts: [{share: 1, dataset: {format: davis, root: a}, "
                      "pipeline: {steps: []}}]}"),
              HasSubstr("wrong.yaml:2: mix: 'dataset' names the data already"));
}

/// An official pipeline, the street's form that it is tried on, and what its batches are like.
struct Official {
  std::string config;
  std::string street;
  int frames = 1;            ///< of a clip
  bool has_semantic = true;  ///< class labels
  bool has_objects = true;   ///< in every frame
};

void PrintTo(const Official& official, std::ostream* out) { *out << official.config; }

std::vector<Official> official_pipelines() {
  return {{"cityscapes_step", "cityscapes"},
          {"kitti_step", "kitti-step", 2},
          {"knet_det_instance_1x", "coco", 1, false},
          {"knet_det_instance_ms3x", "coco", 1, false},
          {"knet_det_panoptic_1x", "coco", 1},
          {"knet_det_panoptic_ms3x", "coco", 1},
          {"knet_seg_512", "ade20k", 1, true, false},
          {"knet_seg_640", "ade20k", 1, true, false},
          {"pix2seqd_cityscapes", "cityscapes"},
          {"pix2seqd_coco", "coco"},
          {"pix2seqd_kitti_step", "kitti-step", 3, true, false},
          {"vipseg", "vipseg", 2},
          {"vishv_coco", "coco", 8, false, false},
          {"vishv_kitti_mots", "kitti-mots", 8, true, false},
          {"vishv_youtube_vis", "youtube-vis", 8, false, false},
          {"vpsnet_cityscapes_vps", "cityscapes-vps", 2},
          {"vpsnet_cityscapes_vps_val", "cityscapes-vps", 2, false, false},
          {"youtube_vis", "youtube-vis", 5, false, false}};
}

/// What is tried otherwise: mixes, and classes that the street's form hasn't.
const std::set<std::string> kTriedApart = {"vishv_davis_mix", "vishv_mapillary",
                                           "vishv_youtube_vis_mix"};

TEST(OfficialConfigs, AreAllTried) {
  std::set<std::string> tried = kTriedApart, there;
  for (const Official& official : official_pipelines()) tried.insert(official.config);
  for (const auto& entry : fs::directory_iterator(config_folder()))
    there.insert(entry.path().stem().string());
  EXPECT_EQ(tried, there);
}

constexpr Size kStreetSize = {160, 96};

fs::path draw_street(const fs::path& folder, const std::string& format) {
  synth::SynthOptions street;
  street.format = format;
  street.sequences = 1;
  street.val_sequences = 1;
  street.frames = format == "davis" ? 20 : 10;
  street.size = kStreetSize;
  street.seed = 3;
  synth::synthesize(folder / format, street);
  return folder / format;
}

class OfficialMixes : public test::TemporaryFolder {};

TEST_F(OfficialMixes, DrawFromEveryDataset) {
  for (const std::string name : {"vishv_youtube_vis_mix", "vishv_davis_mix"}) {
    SCOPED_TRACE(name);
    DataConfig config = Config::load(config_folder() / (name + ".yaml")).read<DataConfig>();
    std::set<std::string> formats, seen;
    config.mix->samples = 20;
    for (MixConfig::Part& part : config.mix->parts) {
      const std::string format(to_string(part.dataset.format));
      const std::string street = format == "coco-instances" ? "coco" : format;
      part.dataset.root = folder_ / street;
      if (!fs::exists(part.dataset.root)) draw_street(folder_, street);
      formats.insert(format);
      // Large clips take long; their sizes are tried above.
      std::get<ResizeOptions>(part.pipeline.steps.back()).scales.assign(1, Scale{160, 96});
    }
    const OpenedClips opened = open_clips(config);
    ASSERT_EQ(opened.clips->size(), 20u);
    StageTimes times;
    for (std::size_t i = 0; i < opened.clips->size(); ++i)
      if (const auto clip = opened.clips->load(i, Random(i), times)) {
        EXPECT_EQ(clip->size(), 8u);
        for (const Frame& frame : *clip)
          for (const FrameObject& object : frame.objects)
            EXPECT_LT(static_cast<std::size_t>(object.category),
                      opened.datasets.front()->classes().size());
        seen.insert(opened.clips->name(i).substr(0, 6));
      }
    EXPECT_GE(seen.size(), 2u);
  }
}

class OfficialPipelines : public test::TemporaryFolder,
                          public ::testing::WithParamInterface<Official> {};

TEST_P(OfficialPipelines, LoadTheStreet) {
  const Official& official = GetParam();
  const fs::path street = draw_street(folder_, official.street);
  DataConfig config = Config::load(config_folder() / (official.config + ".yaml"),
                                   {"dataset.root=" + street.string()})
                          .read<DataConfig>();
  config.loader.prefetch = 1;
  const OpenedClips opened = open_clips(config);
  Loader loader(*opened.clips, config.loader);
  const Batch batch = loader.next();
  EXPECT_EQ(batch.frames_per_clip, official.frames);
  EXPECT_EQ(batch.clips, config.loader.sampler.batch_size);
  EXPECT_EQ(batch.size.width % config.loader.collate.divisor, 0);
  EXPECT_GE(batch.size.width, config.loader.collate.least.width);
  EXPECT_TRUE(std::ranges::all_of(batch.pixels, [](float x) { return std::isfinite(x); }));
  for (const BatchFrame& frame : batch.frames) {
    EXPECT_EQ(frame.semantic.empty(), !official.has_semantic);
    if (official.has_objects) {
      EXPECT_FALSE(frame.objects.empty());
    }
    const std::size_t plane = static_cast<std::size_t>(batch.size.width) * batch.size.height;
    EXPECT_EQ(frame.masks.size(), frame.objects.size() * plane);
    EXPECT_EQ(frame.record.ori_size, kStreetSize);
  }
}

INSTANTIATE_TEST_SUITE_P(DataConfig, OfficialPipelines, ::testing::ValuesIn(official_pipelines()),
                         [](const auto& info) { return info.param.config; });

}  // namespace
}  // namespace tessera
