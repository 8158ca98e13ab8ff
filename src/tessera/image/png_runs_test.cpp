#include "tessera/image/png_runs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libdeflate.h>

#include <algorithm>

#include "tessera/core/error.h"
#include "tessera/core/random.h"

namespace tessera {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

void append_number(std::vector<std::uint8_t>& out, std::size_t value) {
  for (int shift = 24; shift >= 0; shift -= 8)
    out.push_back(static_cast<std::uint8_t>(value >> shift));
}

void append_chunk(std::vector<std::uint8_t>& png, const std::string& type,
                  const std::vector<std::uint8_t>& data) {
  append_number(png, data.size());
  const std::size_t start = png.size();
  png.insert(png.end(), type.begin(), type.end());
  png.insert(png.end(), data.begin(), data.end());
  append_number(png, libdeflate_crc32(0, png.data() + start, png.size() - start));
}

/// A PNG of these filtered rows, each behind its filter's number.
std::vector<std::uint8_t> png_of(Size size, int bit_depth, png::ColorType color,
                                 const std::vector<std::uint8_t>& rows) {
  std::vector<std::uint8_t> png = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  std::vector<std::uint8_t> header;
  append_number(header, static_cast<std::size_t>(size.width));
  append_number(header, static_cast<std::size_t>(size.height));
  header.insert(header.end(),
                {static_cast<std::uint8_t>(bit_depth), static_cast<std::uint8_t>(color), 0, 0, 0});
  append_chunk(png, "IHDR", header);
  libdeflate_compressor* compressor = libdeflate_alloc_compressor(1);
  std::vector<std::uint8_t> pixels(libdeflate_zlib_compress_bound(compressor, rows.size()));
  pixels.resize(
      libdeflate_zlib_compress(compressor, rows.data(), rows.size(), pixels.data(), pixels.size()));
  libdeflate_free_compressor(compressor);
  append_chunk(png, "IDAT", pixels);
  append_chunk(png, "IEND", {});
  return png;
}

/// Rows under every filter whose filtered bytes are 0 but for one in `rarity`.
std::vector<std::uint8_t> random_rows(Size size, int pixel_bytes, int rarity, Random random) {
  std::vector<std::uint8_t> rows;
  for (int y = 0; y < size.height; ++y) {
    rows.push_back(static_cast<std::uint8_t>(random.uniform_int(0, 4)));
    for (int i = 0; i < size.width * pixel_bytes; ++i)
      rows.push_back(random.uniform_int(1, rarity) > 1
                         ? 0
                         : static_cast<std::uint8_t>(random.uniform_int(0, 255)));
  }
  return rows;
}

/// Every row's bytes, from its runs.
std::vector<std::uint8_t> bytes_of_runs(const std::vector<std::uint8_t>& png, Size size,
                                        int pixel_bytes) {
  png::RunDecoder decoder(png, "a.png");
  std::vector<std::uint8_t> bytes;
  for (int y = 0; y < size.height; ++y) {
    std::uint32_t x = 0;
    for (const png::PixelRun& run : decoder.next_row()) {
      EXPECT_GT(run.end, x);
      for (; x < run.end; ++x)
        for (int i = 0; i < pixel_bytes; ++i)
          bytes.push_back(static_cast<std::uint8_t>(run.pixel >> (8 * i)));
    }
    EXPECT_EQ(x, static_cast<std::uint32_t>(size.width));
  }
  return bytes;
}

std::vector<std::uint8_t> decoded_bytes(const std::vector<std::uint8_t>& png) {
  const png::Decoded decoded(png, "a.png");
  std::vector<std::uint8_t> bytes;
  for (int y = 0; y < decoded.header().size.height; ++y)
    bytes.insert(bytes.end(), decoded.row(y), decoded.row(y) + decoded.header().row_bytes());
  return bytes;
}

TEST(PngRuns, AreThePixelsOfEveryFilterAndKind) {
  struct Kind {
    png::ColorType color;
    int bit_depth, pixel_bytes;
  };
  const Random random(7);
  for (const Kind& kind :
       {Kind{png::ColorType::kGrey, 8, 1}, Kind{png::ColorType::kGrey, 16, 2},
        Kind{png::ColorType::kGreyAlpha, 8, 2}, Kind{png::ColorType::kRgb, 8, 3},
        Kind{png::ColorType::kGreyAlpha, 16, 4}, Kind{png::ColorType::kRgba, 8, 4}})
    for (const int width : {1, 2, 21, 22, 64, 67, 300})
      for (const int rarity : {1, 3, 30, 1000}) {
        const Size size = {width, 12};
        const auto png = png_of(size, kind.bit_depth, kind.color,
                                random_rows(size, kind.pixel_bytes, rarity, random));
        EXPECT_EQ(bytes_of_runs(png, size, kind.pixel_bytes), decoded_bytes(png))
            << kind.pixel_bytes << " bytes, " << width << " pixels, 1 of " << rarity;
      }
}

TEST(PngRuns, AnUnknownFilterIsAnError) {
  const auto png = png_of({2, 1}, 8, png::ColorType::kGrey, {5, 0, 0});
  png::RunDecoder decoder(png, "a.png");
  EXPECT_THAT([&] { decoder.next_row(); },
              ThrowsMessage<Error>(HasSubstr("a.png: the PNG is corrupt (unknown row filter)")));
}

TEST(PngRuns, PackedAndInterlacedPicturesAreNotTaken) {
  png::Header header;
  header.size = {8, 8};
  EXPECT_TRUE(png::RunDecoder::takes(header));
  header.interlaced = true;
  EXPECT_FALSE(png::RunDecoder::takes(header));
  header.interlaced = false;
  header.bit_depth = 4;
  EXPECT_FALSE(png::RunDecoder::takes(header));
  header.bit_depth = 16;
  header.color = png::ColorType::kRgb;
  EXPECT_FALSE(png::RunDecoder::takes(header));
}

}  // namespace
}  // namespace tessera
