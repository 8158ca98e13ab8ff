// Every dataset format end to end with the program itself: drawn, inspected, and then spoilt in
// every way that files on a disk are.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>

#include "tessera/core/file.h"
#include "tessera/image/image_io.h"
#include "test_support.h"

namespace tessera::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::HasSubstr;

// Ways to write a class into a label file that isn't one.
void set_pixel_8(const fs::path& path, int value) {
  LabelMap map = read_label_png(path);
  map.at(0, 0) = static_cast<std::uint8_t>(value);
  write_png(path, map);
}
void set_pixel_16(const fs::path& path, int value) {
  Image16 map = read_label16_png(path);
  map.at(0, 0) = static_cast<std::uint16_t>(value);
  write_png(path, map);
}
void set_red(const fs::path& path, int value) {
  Image map = read_rgb_png(path);
  map.at(0, 0, 0) = static_cast<std::uint8_t>(value);
  write_png(path, map);
}
/// PASCAL VOC tells classes in files beside those of the objects.
void set_class_below_object(const fs::path& objects, int value) {
  const LabelMap object_map = read_label_png(objects);
  const fs::path classes =
      objects.parent_path().parent_path() / "SegmentationClass" / objects.filename();
  LabelMap map = read_label_png(classes);
  for (std::size_t i = 0; i < map.values().size(); ++i)
    if (object_map.values()[i] == 1) map.values()[i] = static_cast<std::uint8_t>(value);
  write_png(classes, map);
}
/// Gives the first annotation a category that the file doesn't have.
void set_category(const fs::path& path, int value) {
  json document = json::parse(read_text_file(path));
  json& annotation = document["annotations"][0];
  (annotation.contains("segments_info") ? annotation["segments_info"][0]
                                        : annotation)["category_id"] = value;
  write_text_file(path, document.dump());
}

struct Format {
  std::string name;      ///< of `synth --format`
  std::string read_as;   ///< of `inspect --format`
  std::string pictures;  ///< folder of the val split's pictures, or of one of its sequences
  std::string labels;    ///< folder of their label files, or an annotation file
  std::function<void(const fs::path& labels)> spoil_class;
  std::string gap;  ///< what a frame taken out of a sequence is; empty for still pictures
};

void PrintTo(const Format& format, std::ostream* out) { *out << format.read_as; }

const Format kFormats[] = {
    {"ade20k", "ade20k", "images/validation", "annotations/validation",
     [](const fs::path& path) { set_pixel_8(path, 151); }, ""},
    {"cityscapes", "cityscapes", "leftImg8bit/val/street", "gtFine/val/street",
     [](const fs::path& path) { set_pixel_16(path, 34); }, ""},
    {"cityscapes", "cityscapes-step", "leftImg8bit/val/street", "gtFine/val/street",
     [](const fs::path& path) { set_pixel_16(path, 34); }, ""},
    {"cityscapes-vps", "cityscapes-vps", "val/img", "val/labelmap",
     [](const fs::path& path) { set_pixel_8(path, 19); }, "missing file"},
    {"coco", "coco-instances", "val2017", "annotations/instances_val2017.json",
     [](const fs::path& path) { set_category(path, 12); }, ""},
    {"coco", "coco-panoptic", "val2017", "annotations/panoptic_val2017.json",
     [](const fs::path& path) { set_category(path, 12); }, ""},
    {"custom", "custom", "frames/val-000", "panoptic/val-000",
     [](const fs::path& path) { set_red(path, 19); }, "gap(s) between frames"},
    {"davis", "davis", "JPEGImages/480p/street-val-000",
     "Annotations_unsupervised/480p/street-val-000", nullptr, "gap(s) between frames"},
    {"kitti-mots", "kitti-mots", "training/image_02/0002", "instances/0002",
     [](const fs::path& path) { set_pixel_16(path, 3001); }, "gap(s) between frames"},
    {"kitti-step", "kitti-step", "images/val/0002", "panoptic_maps/val/0002",
     [](const fs::path& path) { set_red(path, 19); }, "gap(s) between frames"},
    {"mapillary", "mapillary", "validation/images", "validation/instances",
     [](const fs::path& path) { set_pixel_16(path, 20 * 256); }, ""},
    {"pascal-voc", "pascal-voc", "JPEGImages", "SegmentationObject",
     [](const fs::path& path) { set_class_below_object(path, 21); }, ""},
    {"vipseg", "vipseg", "imgs/0_street-val", "panomasks/0_street-val",
     [](const fs::path& path) { set_pixel_16(path, 125 * 100 + 1); }, "gap(s) between frames"},
    {"youtube-vis", "youtube-vis", "valid/JPEGImages/street-val-000", "annotations/valid.json",
     [](const fs::path& path) { set_category(path, 41); }, "missing file"},
};

class DatasetCli : public TemporaryFolder, public ::testing::WithParamInterface<Format> {
 protected:
  DatasetCli() {
    const ProgramResult drawn =
        run_tessera("synth --quiet " + pristine_.string() + " --format " + GetParam().name +
                    " --sequences 0 --val-sequences 1 --frames 5 --size 160x64 --seed 3");
    EXPECT_EQ(drawn.exit_code, 0) << drawn.err;
    start_again();
  }

  void start_again() const {
    fs::remove_all(root_);
    fs::copy(pristine_, root_, fs::copy_options::recursive);
  }

  ProgramResult inspect(const std::string& more = "") const {
    return run_tessera("inspect --quiet " + root_.string() + " --split val --format " +
                       GetParam().read_as + " " + more);
  }

  /// Inspects the spoilt copy: one line that says all of `parts`, and exit code 1. Then goes back
  /// to the pristine dataset.
  void expect_error(const std::vector<std::string>& parts) const {
    const ProgramResult result = inspect();
    EXPECT_EQ(result.exit_code, 1) << result.out << result.err;
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
    for (const std::string& part : parts) EXPECT_THAT(result.err, HasSubstr(part));
    start_again();
  }

  static std::vector<fs::path> files_in(const fs::path& folder) {
    std::vector<fs::path> files;
    for (const char* ending : {".jpg", ".png"})
      for (const fs::path& file : list_files(folder, ending)) files.push_back(file);
    return files;
  }
  std::vector<fs::path> pictures() const { return files_in(root_ / GetParam().pictures); }
  bool labels_are_one_file() const { return GetParam().labels.ends_with(".json"); }
  /// The label files that the loader reads first.
  std::vector<fs::path> labels() const {
    if (labels_are_one_file()) return {root_ / GetParam().labels};
    std::vector<fs::path> files = files_in(root_ / GetParam().labels);
    if (GetParam().name == "cityscapes")
      std::erase_if(files, [](const auto& f) { return !f.string().ends_with("instanceIds.png"); });
    return files;
  }
  static void truncate(const fs::path& path) { fs::resize_file(path, fs::file_size(path) * 2 / 3); }

  const fs::path pristine_ = folder_ / "pristine", root_ = folder_ / "data";
};

TEST_P(DatasetCli, WholeDatasetsHaveNoProblem) {
  const fs::path report = folder_ / "report.json", sheet = folder_ / "sheet.png";
  const ProgramResult result = inspect("--json " + report.string() + " --sheet " + sheet.string());
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.err, "");
  const json split = json::parse(read_text_file(report))["splits"][0];
  EXPECT_EQ(split["format"], GetParam().read_as);
  EXPECT_EQ(split["readable"], split["pictures"]);
  EXPECT_EQ(split["readable"], GetParam().name == "cityscapes-vps" ? 1 : 5);
  EXPECT_TRUE(split["problems"].empty());
  EXPECT_GT(read_picture_info(sheet).size.height, 300);
  for (const char* option : {"--json /proc/report.json", "--sheet /proc/sheet.png"}) {
    const ProgramResult unwritable = inspect(option);
    EXPECT_EQ(unwritable.exit_code, 1);
    EXPECT_EQ(std::count(unwritable.err.begin(), unwritable.err.end(), '\n'), 1) << unwritable.err;
    EXPECT_THAT(unwritable.err, HasSubstr("/proc/"));
  }
  const ProgramResult found = run_tessera("inspect --quiet " + root_.string());
  EXPECT_EQ(found.exit_code, 0) << found.err;
  const std::string told =
      GetParam().read_as == "cityscapes-step" ? "cityscapes" : GetParam().read_as;
  EXPECT_THAT(found.out, HasSubstr(told + " val: "));
}

TEST_P(DatasetCli, WhatIsMissingIsNamed) {
  const ProgramResult split = run_tessera("inspect --quiet " + root_.string() + " --split nosuch");
  EXPECT_EQ(split.exit_code, 1);
  EXPECT_THAT(split.err, HasSubstr("has no split 'nosuch'; found val"));

  // Which picture it was is said by the list that names it or by its labels.
  const std::string name = pictures().back().stem().string();
  const std::string stem = name.substr(0, name.find("_leftImg8bit"));
  fs::remove(pictures().back());
  expect_error({stem});
  if (!labels_are_one_file()) {
    fs::remove(labels().back());
    expect_error({"without annotation", stem.substr(0, stem.find("_newImg8bit"))});
  }
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root_))
    if (entry.path().extension() == ".png" || entry.path().extension() == ".jpg")
      fs::remove(entry.path());
  expect_error({GetParam().read_as + " val: "});
}

TEST_P(DatasetCli, WhatIsWrongIsNamed) {
  const fs::path picture = pictures().front(), label = labels().front();
  truncate(picture);
  expect_error({"1 broken file(s): " + picture.string()});
  truncate(label);
  expect_error({labels_are_one_file() ? "1 split(s) that can't be opened: " : "1 broken file(s): ",
                label.string()});
  const Image other({96, 40}, 3, 90);
  picture.extension() == ".jpg" ? write_jpeg(picture, other) : write_png(picture, other);
  expect_error({"of different size", "160x64", "96x40"});
  if (GetParam().spoil_class) {
    GetParam().spoil_class(label);
    expect_error({"1 unknown class id(s)", label.filename().string()});
  } else {  // DAVIS has one class: every value of a label picture is an object, but of colours none
    write_png(label, Image({160, 64}, 3, 90));
    expect_error({"1 broken file(s): " + label.string()});
  }
}

class VideoCli : public DatasetCli {};

TEST_P(VideoCli, FramesThatASequenceJumpsOver) {
  const fs::path picture = pictures().at(pictures().size() / 2);
  fs::remove(picture);
  if (!labels_are_one_file()) fs::remove(labels().at(labels().size() / 2));
  const ProgramResult result = inspect();
  EXPECT_THAT(result.out + result.err, HasSubstr(GetParam().gap));
  EXPECT_EQ(result.exit_code, GetParam().gap == "missing file" ? 1 : 0) << result.err;
}

std::string name_of(const ::testing::TestParamInfo<Format>& info) {
  std::string name = info.param.read_as;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

std::vector<Format> video_formats() {
  std::vector<Format> formats(std::begin(kFormats), std::end(kFormats));
  std::erase_if(formats, [](const Format& format) { return format.gap.empty(); });
  return formats;
}

INSTANTIATE_TEST_SUITE_P(Formats, DatasetCli, ::testing::ValuesIn(kFormats), name_of);
INSTANTIATE_TEST_SUITE_P(Videos, VideoCli, ::testing::ValuesIn(video_formats()), name_of);

}  // namespace
}  // namespace tessera::test
