#include "tessera/image/image_io.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "test_support.h"

namespace tessera {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Property;
using ::testing::Throws;

class ImageIo : public test::TemporaryFolder {
 protected:
  static Image colorful(Size size) {
    Image image(size, 3);
    for (int y = 0; y < size.height; ++y)
      for (int x = 0; x < size.width; ++x) {
        image.at(x, y, 0) = static_cast<std::uint8_t>(4 * x);
        image.at(x, y, 1) = static_cast<std::uint8_t>(5 * y);
        image.at(x, y, 2) = static_cast<std::uint8_t>(2 * x + y);
      }
    return image;
  }

  void expect_error(const std::function<void()>& action, const std::string& what) const {
    EXPECT_THAT(action, Throws<Error>(Property(
                            &Error::what, AllOf(HasSubstr(what), HasSubstr(folder_.string())))));
  }
};

TEST_F(ImageIo, PngKeepsEveryPixel) {
  const Image image = colorful({37, 21});
  write_png(folder_ / "a.png", image);
  EXPECT_EQ(read_image(folder_ / "a.png"), image);
  EXPECT_EQ(read_rgb_png(folder_ / "a.png"), image);
  const PictureInfo info = read_picture_info(folder_ / "a.png");
  EXPECT_EQ(info.size, (Size{37, 21}));
  EXPECT_EQ(info.channels, 3);
}

TEST_F(ImageIo, SixteenBitsIdsAndPalettesKeepEveryValue) {
  Image16 deep({9, 5}, 1);
  IdMap ids({9, 5}, 1);
  LabelMap labels({9, 5}, 1);
  for (int i = 0; i < 45; ++i) {
    deep.values()[i] = static_cast<std::uint16_t>(1400 * i);
    ids.values()[i] = 360000u * i;
    labels.values()[i] = static_cast<std::uint8_t>(i % 3);
  }
  write_png(folder_ / "deep.png", deep);
  EXPECT_EQ(read_label16_png(folder_ / "deep.png"), deep);
  write_id_png(folder_ / "ids.png", ids);
  EXPECT_EQ(read_id_png(folder_ / "ids.png"), ids);
  const std::array<Color, 3> palette = {Color{0, 0, 0}, Color{200, 10, 20}, Color{1, 2, 3}};
  write_palette_png(folder_ / "labels.png", labels, palette);
  EXPECT_EQ(read_label_png(folder_ / "labels.png"), labels);
  EXPECT_EQ(read_image(folder_ / "labels.png").at(1, 0, 0), 200);
  EXPECT_TRUE(read_picture_info(folder_ / "labels.png").palette);
}

TEST_F(ImageIo, JpegStaysClose) {
  const Image image = colorful({48, 32});
  write_jpeg(folder_ / "a.jpg", image, 95);
  const Image again = read_image(folder_ / "a.jpg");
  ASSERT_EQ(again.size(), image.size());
  double squares = 0;
  for (std::size_t i = 0; i < image.values().size(); ++i)
    squares += std::pow(image.values()[i] - again.values()[i], 2);
  EXPECT_LT(squares / static_cast<double>(image.values().size()), 10);
}

TEST_F(ImageIo, BrokenFilesAreNamed) {
  const Image image = colorful({64, 48});
  for (const char* name : {"cut.png", "cut.jpg"}) {
    const std::filesystem::path path = folder_ / name;
    std::vector<std::uint8_t> bytes =
        path.extension() == ".png" ? encode_png(image) : encode_jpeg(image);
    bytes.resize(bytes.size() / 2);
    write_file(path, bytes);
    expect_error([&] { read_image(path); }, "truncated");
  }
  write_text_file(folder_ / "text.png", "no picture");
  expect_error([&] { read_image(folder_ / "text.png"); }, "neither a PNG nor a JPEG");
  write_png(folder_ / "color.png", image);
  expect_error([&] { read_label_png(folder_ / "color.png"); }, "grey or palette");
  expect_error([&] { read_image(folder_ / "absent.png"); }, "no such file");
}

}  // namespace
}  // namespace tessera
