#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/image/image_io.h"
#include "tessera/video/frame_source.h"
#include "tessera/video/frame_writer.h"
#include "test_support.h"

namespace tessera {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Property;
using ::testing::Throws;

class Video : public test::TemporaryFolder {
 protected:
  /// A soft pattern that wanders, with a block that moves.
  static Image frame(Size size, int t) {
    Image image(size, 3);
    for (int y = 0; y < size.height; ++y)
      for (int x = 0; x < size.width; ++x) {
        const bool block = x >= 3 * t && x < 3 * t + 20 && y > 10 && y < 30;
        image.at(x, y, 0) =
            block ? 220 : static_cast<std::uint8_t>(100 + 60 * std::sin(0.06 * x + 0.2 * t));
        image.at(x, y, 1) = static_cast<std::uint8_t>(block ? 60 : 60 + y);
        image.at(x, y, 2) = static_cast<std::uint8_t>(100 + 40 * std::cos(0.05 * y));
      }
    return image;
  }

  static double psnr(const Image& a, const Image& b) {
    double squares = 0;
    for (int y = 0; y < a.height(); ++y)
      for (int x = 0; x < a.width(); ++x)
        for (int c = 0; c < 3; ++c) squares += std::pow(a.at(x, y, c) - b.at(x, y, c), 2);
    const double mean = squares / static_cast<double>(a.values().size());
    return 10 * std::log10(255 * 255 / std::max(mean, 1e-9));
  }

  void write(const fs::path& path, Size size, int frames) const {
    const auto writer = create_frame_writer(path, {12, 18, false});
    for (int t = 0; t < frames; ++t) writer->write(frame(size, t));
    writer->finish();
  }

  /// Checks that `path` gives the frames back.
  void expect_frames(const fs::path& path, Size size, int frames, double least_psnr) const {
    const auto source = open_frames(path);
    Image image;
    int count = 0;
    for (; source->next(image); ++count) {
      ASSERT_GE(image.width(), size.width);
      EXPECT_GT(psnr(frame(size, count), image), least_psnr) << "frame " << count;
    }
    EXPECT_EQ(count, frames);
  }

  static void expect_error(const std::function<void()>& action, const std::string& what) {
    EXPECT_THAT(action, Throws<Error>(Property(&Error::what, HasSubstr(what))));
  }

  static void read_all(const fs::path& path) {
    const auto source = open_frames(path);
    for (Image image; source->next(image);) {
    }
  }
};

TEST_F(Video, Mp4GivesTheFramesBack) {
  write(folder_ / "a.mp4", {96, 64}, 20);
  expect_frames(folder_ / "a.mp4", {96, 64}, 20, 32);
  const auto source = open_frames(folder_ / "a.mp4");
  EXPECT_EQ(source->frame_count(), 20);
  EXPECT_NEAR(source->frames_per_second(), 12, 1e-6);
  EXPECT_EQ(source->size(), (Size{96, 64}));
}

TEST_F(Video, Mp4OfOddSizeGrowsByALine) {
  write(folder_ / "odd.mp4", {95, 63}, 5);
  EXPECT_EQ(open_frames(folder_ / "odd.mp4")->size(), (Size{96, 64}));
  expect_frames(folder_ / "odd.mp4", {95, 63}, 5, 32);
}

TEST_F(Video, GifGivesTheFramesBack) {
  write(folder_ / "a.gif", {95, 63}, 12);
  expect_frames(folder_ / "a.gif", {95, 63}, 12, 32);
}

TEST_F(Video, AFolderIsLossless) {
  write(folder_ / "frames", {40, 30}, 3);
  expect_frames(folder_ / "frames", {40, 30}, 3, 90);
}

TEST_F(Video, ATruncatedFileNamesTheFrame) {
  write(folder_ / "a.mp4", {96, 64}, 60);
  std::vector<std::uint8_t> bytes = read_file(folder_ / "a.mp4");
  bytes.resize(bytes.size() * 6 / 10);
  write_file(folder_ / "cut.mp4", bytes);
  expect_error([&] { read_all(folder_ / "cut.mp4"); }, "truncated");
  expect_error([&] { read_all(folder_ / "cut.mp4"); }, "frame ");
  bytes.resize(40);
  write_file(folder_ / "stub.mp4", bytes);
  expect_error([&] { read_all(folder_ / "stub.mp4"); }, "stub.mp4");
}

TEST_F(Video, WhatIsNoVideoIsNamed) {
  write_text_file(folder_ / "text.mp4", "no video at all");
  expect_error([&] { read_all(folder_ / "text.mp4"); }, "text.mp4: is no video");
  expect_error([&] { read_all(folder_ / "absent.mp4"); }, "no such file or folder");
  make_directories(folder_ / "empty");
  expect_error([&] { read_all(folder_ / "empty"); }, "holds no PNG or JPEG");
}

TEST_F(Video, FramesOfDifferentSizesAreNamed) {
  make_directories(folder_ / "mixed");
  write_png(folder_ / "mixed" / "0.png", frame({40, 30}, 0));
  write_png(folder_ / "mixed" / "1.png", frame({42, 30}, 0));
  expect_error([&] { read_all(folder_ / "mixed"); }, "1.png: the frame is 42x30");
  const auto writer = create_frame_writer(folder_ / "a.mp4");
  writer->write(frame({40, 30}, 0));
  expect_error([&] { writer->write(frame({42, 30}, 0)); }, "frame 1 is 42x30");
}

TEST_F(Video, AnUnfinishedOrUnwritableVideoLeavesNothing) {
  for (const char* name : {"a.mp4", "a.gif", "frames"}) {
    create_frame_writer(folder_ / name)->write(frame({40, 30}, 0));
    EXPECT_TRUE(fs::is_empty(folder_)) << name;
  }
  expect_error([&] { create_frame_writer("/proc/a.mp4"); }, "/proc/a.mp4: cannot be written");
  expect_error([&] { create_frame_writer(folder_ / "a.avi"); }, "expected .mp4, .gif or a folder");
}

}  // namespace
}  // namespace tessera
