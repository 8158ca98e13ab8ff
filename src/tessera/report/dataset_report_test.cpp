#include "tessera/report/dataset_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tessera/core/error.h"
#include "tessera/data/inspect/find_splits.h"
#include "tessera/data/synth/synthesize.h"
#include "tessera/image/image_io.h"
#include "tessera/report/contact_sheet.h"
#include "test_support.h"

namespace tessera {
namespace {

namespace fs = std::filesystem;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;

class DatasetReport : public test::TemporaryFolder {
 protected:
  /// Two sequences of four frames of 208x64 in val, as KITTI-STEP.
  DatasetReport() {
    synth::SynthOptions options;
    options.sequences = 0;
    options.val_sequences = 2;
    options.frames = 4;
    options.size = {208, 64};
    options.seed = 5;
    synth::synthesize(root_, options);
  }

  std::vector<SplitInspection> inspect(int threads = 2) const {
    std::vector<SplitInspection> splits;
    for (const DatasetSpec& spec : find_splits(root_))
      splits.push_back(inspect_split(spec, threads));
    return splits;
  }
  fs::path picture(const char* frame) const { return root_ / "images/val/0002" / frame; }
  fs::path labels(const char* frame) const { return root_ / "panoptic_maps/val/0002" / frame; }

  const fs::path root_ = folder_ / "street";
};

TEST_F(DatasetReport, CountsWhatIsThere) {
  const auto splits = inspect();
  ASSERT_EQ(splits.size(), 1U);
  const SplitInspection& split = splits[0];
  EXPECT_TRUE(split.problems.empty());
  EXPECT_EQ(split.readable.size(), 8U);
  EXPECT_EQ(split.pixels, 8 * 208 * 64);
  std::int64_t labelled = 0, tracks = 0;
  for (const ClassCount& count : split.counts) {
    labelled += count.pixels;
    tracks += count.objects;
    EXPECT_LE(count.objects, count.segments);
  }
  EXPECT_EQ(labelled + split.unlabelled_pixels, split.pixels);
  EXPECT_GT(tracks, 5);
  EXPECT_EQ(describe_amount(split), "2 sequences of 4 frames, 8 pictures of 208x64");
  EXPECT_THAT(dataset_report_text(splits), ContainsRegex("\nroad +stuff +[0-9.]+ +[0-9]+ +8 +-"));
}

TEST_F(DatasetReport, IsTheSameForAnyNumberOfThreads) {
  EXPECT_EQ(dataset_report_json(inspect(1)), dataset_report_json(inspect(3)));
  EXPECT_EQ(draw_contact_sheet(inspect(1)), draw_contact_sheet(inspect(3)));
}

TEST_F(DatasetReport, ProblemsAreSortedByKindAndAllInTheJson) {
  fs::resize_file(picture("000000.png"), fs::file_size(picture("000000.png")) / 2);
  write_png(labels("000001.png"), Image({100, 64}, 3));
  write_png(labels("000002.png"), Image({208, 64}, 3, 200));
  fs::remove(labels("000003.png"));
  const auto splits = inspect();
  EXPECT_EQ(splits[0].readable.size(), 4U);
  const std::string text = dataset_report_text(splits);
  EXPECT_THAT(text, HasSubstr("1 broken file(s): " + picture("000000.png").string()));
  EXPECT_THAT(text, ContainsRegex("1 picture.s. and annotation.s. of different size: .*000001"));
  EXPECT_THAT(text, ContainsRegex("1 unknown class id.s.: .*000002.png: class 200"));
  EXPECT_THAT(text, ContainsRegex("1 picture.s. without annotation: .*000003"));
  const auto json = nlohmann::json::parse(dataset_report_json(splits));
  EXPECT_EQ(json["splits"][0]["problems"].size(), 4U);
  EXPECT_EQ(json["splits"][0]["readable"], 4);
}

TEST_F(DatasetReport, ContactSheetShowsFramesOfEverySequence) {
  const Image sheet = draw_contact_sheet(inspect());
  EXPECT_EQ(sheet.width(), 1800);
  // Headings, two rows of frames as wide as a third of the sheet, and the legend.
  EXPECT_GT(sheet.height(), 2 * (1800 / 3 - 30) * 64 / 208);
  EXPECT_LT(sheet.height(), 900);
  fs::remove_all(root_ / "panoptic_maps/val/0002");
  EXPECT_LT(draw_contact_sheet(inspect()).height(), sheet.height());
}

TEST_F(DatasetReport, UnknownLayoutsAndSplitsSayWhatThereIs) {
  using ::testing::ThrowsMessage;
  EXPECT_THAT([&] { find_splits(folder_); },
              ThrowsMessage<Error>(HasSubstr("isn't laid out as any dataset")));
  EXPECT_THAT([&] { find_splits(root_, DatasetFormat::kDavis); },
              ThrowsMessage<Error>(HasSubstr("no split of a davis dataset")));
  EXPECT_THAT([&] { find_splits(root_, std::nullopt, "train"); },
              ThrowsMessage<Error>(HasSubstr("has no split 'train'; found val")));
}

}  // namespace
}  // namespace tessera
