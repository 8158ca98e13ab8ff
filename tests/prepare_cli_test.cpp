// `tessera prepare` end to end: a complete download in the official layout becomes a dataset that
// is read, also when Ctrl-C came in the middle.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "tessera/core/file.h"
#include "tessera/data/datasets/kitti_sequences.h"
#include "tessera/data/open_dataset.h"
#include "test_support.h"

namespace tessera::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

class PrepareCli : public TemporaryFolder {
 protected:
  void draw(const std::string& options) const {
    const ProgramResult drawn =
        run_tessera("synth --quiet --seed 6 " + options + " --size 160x64 " + drawn_.string());
    ASSERT_EQ(drawn.exit_code, 0) << drawn.err;
  }

  /// `file` of the download.
  fs::path raw(const fs::path& file) const {
    make_directories((raw_ / file).parent_path());
    return raw_ / file;
  }

  std::string prepare_command(const std::string& dataset) const {
    return tessera_binary().string() + " prepare --quiet --copy --threads 1 " + dataset + " " +
           raw_.string() + " " + out_.string();
  }

  /// Stops a run as soon as it has written a picture. What it left are files of a whole run.
  void interrupt(const std::string& dataset,
                 const std::map<std::string, std::string>& whole) const {
    const ProgramResult run =
        run_shell(prepare_command(dataset) + " & run=$!\nwhile [ -z \"$(find " + out_.string() +
                  " -name '*.png' 2>&- | head -n 1)\" ]; do :; done\nkill -INT $run; wait $run");
    EXPECT_EQ(run.exit_code, 130) << run.err;
    EXPECT_EQ(run.err, "tessera: interrupted\n");
    const auto left = files_of(out_);
    EXPECT_LT(left.size(), whole.size());
    for (const auto& [name, bytes] : left)
      EXPECT_TRUE(whole.contains(name) && whole.at(name) == bytes) << name;
  }

  void prepare(const std::string& dataset) const {
    const ProgramResult run = run_shell(prepare_command(dataset));
    EXPECT_EQ(run.exit_code, 0) << run.err;
    EXPECT_EQ(run.err, "");
  }

  /// A whole run, and one that was interrupted and done again, leave the same files.
  void prepare_with_and_without_interruption(const std::string& dataset) const {
    prepare(dataset);
    const auto whole = files_of(out_);
    fs::remove_all(out_);
    interrupt(dataset, whole);
    prepare(dataset);
    EXPECT_EQ(files_of(out_), whole);
  }

  static std::map<std::string, std::string> files_of(const fs::path& folder) {
    std::map<std::string, std::string> files;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder))
      if (entry.is_regular_file())
        files[fs::relative(entry.path(), folder).string()] = read_text_file(entry.path());
    return files;
  }

  /// Every picture of a split is readable and nothing is missing.
  void expect_whole(const std::string& format, const std::string& split, int pictures) const {
    const fs::path report = folder_ / "report.json";
    const ProgramResult inspected =
        run_tessera("inspect --quiet " + out_.string() + " --format " + format + " --split " +
                    split + " --json " + report.string());
    ASSERT_EQ(inspected.exit_code, 0) << inspected.err;
    const json found = json::parse(read_text_file(report))["splits"][0];
    EXPECT_EQ(found["readable"], pictures);
    EXPECT_TRUE(found["problems"].empty()) << found["problems"];
  }

  /// The same pictures, classes and objects as in the dataset that the download was made of.
  void expect_same_samples(DatasetFormat format, const std::string& split) const {
    const auto drawn = open_dataset({format, drawn_, split});
    const auto prepared = open_dataset({format, out_, split});
    ASSERT_EQ(prepared->size(), drawn->size());
    for (std::size_t i = 0; i < drawn->size(); ++i) {
      const Sample expected = drawn->load(i), sample = prepared->load(i);
      EXPECT_EQ(sample.image, expected.image) << sample.key.name;
      EXPECT_EQ(sample.semantic, expected.semantic) << sample.key.name;
      EXPECT_EQ(objects_of(sample), objects_of(expected)) << sample.key.name;
    }
  }

  /// Class and size of each; the numbers that tell them apart are the preparation's own.
  static std::multiset<std::pair<int, std::int64_t>> objects_of(const Sample& sample) {
    std::multiset<std::pair<int, std::int64_t>> objects;
    for (const Segment& segment : sample.panoptic->segments)
      objects.insert({segment.category, segment.area});
    return objects;
  }

  const fs::path drawn_ = folder_ / "drawn", raw_ = folder_ / "raw", out_ = folder_ / "out";
};

TEST_F(PrepareCli, KittiStepFromTheTwoDownloads) {
  draw("--sequences 12 --val-sequences 9 --frames 4");
  for (const char* split : {"train", "val"})
    for (const std::string& sequence : kitti_sequences(split)) {
      fs::copy(drawn_ / "images" / split / sequence, raw("training/image_02/" + sequence),
               fs::copy_options::recursive);
      fs::copy(drawn_ / "panoptic_maps" / split / sequence,
               raw(std::string("kitti-step/panoptic_maps/") + split + "/" + sequence),
               fs::copy_options::recursive);
    }
  for (const std::string& sequence : kitti_sequences("test"))
    fs::copy(drawn_ / "images/val/0002", raw("testing/image_02/" + sequence),
             fs::copy_options::recursive);
  prepare_with_and_without_interruption("kitti-step");
  expect_whole("kitti-step", "train", 12 * 4);
  expect_whole("kitti-step", "val", 9 * 4);
  expect_whole("kitti-step", "test", static_cast<int>(kitti_sequences("test").size()) * 4);
  for (const char* split : {"train", "val"}) expect_same_samples(DatasetFormat::kKittiStep, split);
}

class PrepareCityscapesVpsCli : public PrepareCli {
 protected:
  static constexpr std::size_t kNumbers = 10;  ///< "0005_0025_" before a frame's own name

  /// Lists, classes and objects of the frames that Cityscapes did not label, beside the pictures
  /// of its long sequences and the labels of those that it did.
  void take_apart() const {
    for (const fs::path& list : list_files(drawn_, ".json"))
      if (!list.filename().string().starts_with("panoptic_gt"))
        fs::copy(list, raw("cityscapes_vps/" + list.filename().string()));
    for (const std::string split : {"train", "val"}) {
      for (const fs::path& picture : list_files(drawn_ / split / "img", ".png"))
        fs::copy(picture, picture_of(picture.filename().string().substr(kNumbers)));
      for (const char* kind : {"cls", "inst"})
        for (const fs::path& label : list_files(drawn_ / split / kind, ".png"))
          fs::copy(label, label_of(label.filename().string(), split + "/" + kind));
    }
    for (const fs::path& picture : list_files(drawn_ / "val/img_all", ".png"))
      fs::copy(picture, picture_of(picture.filename()), fs::copy_options::overwrite_existing);
  }

  fs::path picture_of(const std::string& name) const {
    const std::string frame = name.substr(0, name.rfind('_'));
    return raw("leftImg8bit_sequence/val/" + name.substr(0, name.find('_')) + "/" + frame +
               "_leftImg8bit.png");
  }

  fs::path label_of(const std::string& name, const std::string& folder) const {
    if (name.find("gtFine") == std::string::npos)
      return raw("cityscapes_vps/" + folder + "/" + name);
    const std::string own = name.substr(kNumbers);
    return raw("gtFine/val/" + own.substr(0, own.find('_')) + "/" + own);
  }
};

TEST_F(PrepareCityscapesVpsCli, FromTheReleaseBesideCityscapes) {
  draw("--format cityscapes-vps --sequences 2 --val-sequences 1 --frames 30");
  take_apart();
  prepare_with_and_without_interruption("cityscapes-vps");
  expect_whole("cityscapes-vps", "train", 12);
  expect_whole("cityscapes-vps", "val", 6);
  for (const char* split : {"train", "val"})
    expect_same_samples(DatasetFormat::kCityscapesVps, split);
  const DatasetSpec every{.format = DatasetFormat::kCityscapesVps,
                          .root = out_,
                          .split = "val",
                          .without_labels = true,
                          .all_frames = true};
  EXPECT_EQ(open_dataset(every)->size(), 30U);
}

}  // namespace
}  // namespace tessera::test
