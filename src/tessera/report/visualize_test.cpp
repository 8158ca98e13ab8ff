#include "tessera/report/visualize.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/image/image_io.h"
#include "test_support.h"

namespace tessera {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Property;
using ::testing::Throws;

class VisualizeTest : public test::TemporaryFolder {
 protected:
  VisualizeTest() {
    make_directories(folder_ / "maps" / "0000");
    make_directories(folder_ / "images" / "0000");
    Image map({4, 2}, 3);
    map.at(0, 0, 0) = 13;  // a car with id 258
    map.at(0, 0, 1) = 1;
    map.at(0, 0, 2) = 2;
    map.at(1, 0, 0) = 255;
    write_png(folder_ / "maps" / "0000" / "000000.png", map);
    write_png(folder_ / "images" / "0000" / "000000.png", Image({4, 2}, 3, 200));
  }

  Image view(const char* mode) const {
    VisualizeOptions options;
    options.view.mode = view_mode_from_name(mode);
    options.images = folder_ / "images";
    visualize(folder_ / "maps", folder_ / mode, options);
    return read_image(folder_ / mode / "000000.png");
  }
};

TEST_F(VisualizeTest, ModesShowClassesObjectsAndPictures) {
  const Image semantic = view("semantic");
  EXPECT_EQ(semantic.at(0, 0, 2), 142);
  EXPECT_EQ(semantic.at(1, 0, 0), 0);
  EXPECT_EQ(semantic.at(2, 0, 0), 128);
  const Image instance = view("instance");
  EXPECT_EQ(instance.at(2, 0, 0), 0);
  EXPECT_NE(instance.at(0, 0, 2), 0);
  EXPECT_EQ(view("panoptic").at(0, 0, 2), instance.at(0, 0, 2));
  EXPECT_EQ(view("overlay").at(3, 1, 0), (128 + 200 + 1) / 2);
  const Image grid = view("grid");
  EXPECT_EQ(grid.size(), (Size{8, 6}));
  EXPECT_EQ(grid.at(0, 0, 0), 200);
  EXPECT_EQ(grid.at(7, 1, 0), (128 + 200 + 1) / 2);  // the overlay's last pixel
  EXPECT_EQ(grid.at(0, 2, 2), semantic.at(0, 0, 2));
  EXPECT_EQ(grid.at(4, 2, 2), instance.at(0, 0, 2));
  EXPECT_EQ(grid.at(2, 4, 0), semantic.at(2, 0, 0));
}

TEST_F(VisualizeTest, NamesStandInSegmentsWithRoomForThem) {
  Image map({200, 60}, 3);
  for (int y = 0; y < 20; ++y)
    for (int x = 0; x < 8; ++x) map.at(x, y, 0) = 11;  // too narrow for "person"
  write_png(folder_ / "maps" / "0000" / "000000.png", map);
  write_text_file(folder_ / "classes.yaml",
                  "classes:\n  - {id: 0, name: floor, color: [10, 20, 30]}\n"
                  "  - {id: 11, name: person, thing: true}\n");
  VisualizeOptions options;
  options.classes = (folder_ / "classes.yaml").string();
  visualize(folder_ / "maps", folder_ / "plain", options);
  options.view.name_height = 10;
  visualize(folder_ / "maps", folder_ / "named", options);
  const Image plain = read_image(folder_ / "plain" / "000000.png");
  const Image named = read_image(folder_ / "named" / "000000.png");
  EXPECT_EQ(plain.at(100, 50, 2), 30);
  EXPECT_NE(named, plain);
  for (int y = 0; y < 20; ++y)
    for (int x = 0; x < 8; ++x) EXPECT_EQ(named.at(x, y), plain.at(x, y));
}

TEST_F(VisualizeTest, TracksCarryTheirNumbers) {
  const auto draw = [&](int track, ViewMode mode) {
    Image map({200, 60}, 3);
    for (int y = 5; y < 55; ++y)
      for (int x = 40; x < 160; ++x) {
        map.at(x, y, 0) = 11;
        map.at(x, y, 2) = static_cast<std::uint8_t>(track);
      }
    const fs::path maps = folder_ / "tracks";
    make_directories(maps);
    write_png(maps / "000000.png", map);
    VisualizeOptions options;
    options.video.replace = true;
    options.view = {mode, 10};
    visualize(maps, folder_ / "tracked", options);
    return read_image(folder_ / "tracked" / "000000.png");
  };
  // Where the numbers stand: colours differ with the identity, tags differ with the number.
  EXPECT_NE(draw(3, ViewMode::kInstance), draw(4, ViewMode::kInstance));
  EXPECT_EQ(draw(3, ViewMode::kSemantic), draw(4, ViewMode::kSemantic));
  const auto tag = [&](int track) {
    Image cut({100, 20}, 1);
    const Image view = draw(track, ViewMode::kInstance);
    const auto color = std::array{view.at(45, 10, 0), view.at(45, 10, 1), view.at(45, 10, 2)};
    for (int y = 0; y < 20; ++y)
      for (int x = 0; x < 100; ++x)
        cut.at(x, y) = std::array{view.at(50 + x, 20 + y, 0), view.at(50 + x, 20 + y, 1),
                                  view.at(50 + x, 20 + y, 2)} != color;
    return cut;
  };
  EXPECT_NE(tag(3), tag(47));
}

TEST_F(VisualizeTest, PicturesMayBeAVideo) {
  const fs::path maps = folder_ / "more";
  make_directories(maps);
  const std::unique_ptr<FrameWriter> writer = create_frame_writer(folder_ / "drive.mp4", {});
  for (int frame = 0; frame < 3; ++frame) {
    write_png(maps / fmt::format("{:06}.png", frame), Image({64, 32}, 3));
    writer->write(Image({64, 32}, 3, static_cast<std::uint8_t>(60 + 60 * frame)));
  }
  writer->finish();
  VisualizeOptions options;
  options.view.mode = ViewMode::kGrid;
  options.images = folder_ / "drive.mp4";
  visualize(maps, folder_ / "grid", options);
  for (int frame = 0; frame < 3; ++frame)
    EXPECT_NEAR(read_image(folder_ / "grid" / fmt::format("{:06}.png", frame)).at(30, 16),
                60 + 60 * frame, 3);
  write_png(maps / "000003.png", Image({64, 32}, 3));
  options.video.replace = true;
  EXPECT_THAT([&] { visualize(maps, folder_ / "grid", options); },
              Throws<Error>(Property(&Error::what, HasSubstr("ends before the frame of 000003"))));
}

TEST_F(VisualizeTest, BadInputIsNamed) {
  VisualizeOptions options;
  const auto expect = [&](const fs::path& results, const char* what) {
    EXPECT_THAT([&] { visualize(results, folder_ / "out", options); },
                Throws<Error>(Property(&Error::what, HasSubstr(what))));
    EXPECT_FALSE(fs::exists(folder_ / "out"));
  };
  expect(folder_ / "absent", "no such folder");
  expect(folder_ / "maps" / "0000" / "none", "no such folder");
  options.view.mode = ViewMode::kOverlay;
  expect(folder_ / "maps", "--images");
  options.images = folder_ / "maps" / "0000";
  expect(folder_ / "maps", "there is no picture for it");
  EXPECT_THROW(view_mode_from_name("panoptik"), UsageError);
}

}  // namespace
}  // namespace tessera
